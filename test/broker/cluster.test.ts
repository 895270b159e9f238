import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import type { ClusterReady, ClusterStatus } from '../../src/broker/control.ts';
import { parseProperties } from '../../src/base/properties.ts';
import { clusterCommand, nodeIn, startLocalCluster } from '../support/localCluster.ts';
import { untilGone } from '../support/untilGone.ts';
import type { LocalCluster } from '../support/localCluster.ts';
import { repository } from '../support/repository.ts';
import { startProcess } from '../support/runningProcess.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { connect, pullRequest, records, sendRequest, TIMEOUT_MS } from './testBroker.ts';

describe('command rocketmq-local cluster', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let bundles: TempDir;
  let script: string;
  before(async () => {
    bundles = makeTempDir('bundle');
    script = path.join(bundles.path, 'broker.cjs');
    await build({
      entryPoints: [path.join(repository, 'src', 'broker', 'main.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
  });
  after(() => bundles.remove());

  let place: TempDir;
  let directory: string;
  const clusters: LocalCluster[] = [];
  beforeEach(() => {
    place = makeTempDir('cluster');
    directory = path.join(place.path, 'nodes');
  });
  afterEach(async () => {
    for (const cluster of clusters.splice(0)) {
      await cluster.stop();
      await untilGone(cluster.ready.nodes.map(({ pid }) => pid));
    }
    place.remove();
  });
  const start = async (...args: string[]): Promise<LocalCluster> => {
    const cluster = await startLocalCluster(directory, args, { script });
    clusters.push(cluster);
    return cluster;
  };
  const send = async (address: string, body: string, topic = 'T'): Promise<number> => {
    const client = await connect(address);
    try {
      return (await client.request(sendRequest(topic, body), TIMEOUT_MS)).code;
    } finally {
      client.dispose();
    }
  };
  const stateOf = (status: ClusterStatus, name: string): readonly [string, number | string | null] => {
    const { state, ended } = nodeIn(status, name);
    return [state, ended];
  };

  it('starts a process a node, and every master takes the first send', async () => {
    const { ready, supervisor, address, ask } = await start('--mode', '2m-noslave', '--namesrvs', '2');
    assert.deepEqual(Object.keys(ready), ['ready', 'pid', 'namesrv', 'nodes', 'dir', 'mode', 'readyMs']);
    assert.deepEqual([ready.ready, ready.pid, ready.dir, ready.mode], [true, supervisor.pid, directory, '2m-noslave']);
    assert.deepEqual(
      ready.nodes.map(({ name, role }) => [name, role]),
      [
        ['namesrv-1', 'namesrv'],
        ['namesrv-2', 'namesrv'],
        ['broker-a', 'master'],
        ['broker-b', 'master'],
      ],
    );
    assert.equal(ready.namesrv, `${address('namesrv-1')};${address('namesrv-2')}`);
    assert.equal(new Set([ready.pid, ...ready.nodes.map(({ pid }) => pid)]).size, 5);
    assert.deepEqual([await send(address('broker-a'), 'a'), await send(address('broker-b'), 'b')], [0, 0]);
    const conf = parseProperties(readFileSync(path.join(directory, 'broker-b', 'broker.conf'), 'utf8'));
    assert.deepEqual(
      ['brokerName', 'brokerId', 'brokerRole', 'namesrvAddr', 'storePathRootDir'].map((key) => conf.get(key)),
      ['broker-b', '0', 'ASYNC_MASTER', ready.namesrv, path.join(directory, 'broker-b', 'store')],
    );
    assert.equal(`127.0.0.1:${conf.get('listenPort')}`, address('broker-b'));
    const status = await ask('status');
    assert.deepEqual(
      [status.mode, status.pid, status.namesrv, status.dir],
      ['2m-noslave', ready.pid, ready.namesrv, directory],
    );
    assert.deepEqual(
      status.nodes.map(({ name, role, address: at, pid }) => ({ name, role, address: at, pid })),
      ready.nodes,
    );
  });

  it('kills, stops, pauses and starts a node, which keeps its port and messages', async () => {
    const { address, ask, command, ready } = await start('--mode', 'single');
    const broker = address('broker-a');
    assert.equal(await send(broker, 'kept'), 0);
    assert.deepEqual(stateOf(await ask('kill', 'broker-a'), 'broker-a'), ['killed', 'SIGKILL']);
    await assert.rejects(connect(broker));
    const again = await command('kill', 'broker-a');
    assert.equal(again.code, 1);
    assert.match(
      again.output,
      /^rocketmq-local: broker-a is killed and cannot be asked to kill; start it with: rocketmq-local cluster start broker-a --dir /m,
    );
    assert.ok(again.output.includes(`cluster start broker-a --dir ${directory}.\n`), again.output);
    assert.deepEqual(stateOf(await ask('start', 'broker-a'), 'broker-a'), ['running', null]);
    const client = await connect(broker);
    const pulled = await client.request(pullRequest({ topic: 'T', queueId: 0, queueOffset: 0 }), TIMEOUT_MS);
    assert.deepEqual(
      records(pulled.body).map(({ body }) => body.toString()),
      ['kept'],
    );

    assert.deepEqual(stateOf(await ask('pause', 'broker-a'), 'broker-a'), ['paused', null]);
    let isAnswered = false;
    const answer = client.request(sendRequest('T', 'late'), TIMEOUT_MS).then(({ code }) => {
      isAnswered = true;
      return code;
    });
    assert.match((await command('status')).output, /^broker-a +master +\S+ +\d+ +paused$/m);
    assert.equal(isAnswered, false, 'a paused node answers nobody');
    assert.deepEqual(stateOf(await ask('resume', 'broker-a'), 'broker-a'), ['running', null]);
    assert.equal(await answer, 0);
    client.dispose();

    assert.deepEqual(stateOf(await ask('pause', 'broker-a'), 'broker-a'), ['paused', null]);
    assert.deepEqual(stateOf(await ask('stop', 'broker-a'), 'broker-a'), ['stopped', 0]);
    assert.equal(existsSync(path.join(directory, 'broker-a', 'store', 'abort')), false, 'it closed its store');
    const { log } = nodeIn(await ask('status'), 'broker-a');
    const logs = await command('logs', 'broker-a', '--lines', '1');
    assert.equal(logs.output, `${readFileSync(log, 'utf8').trim().split('\n').at(-1)}\n`);
    assert.match(logs.output, /INFO main - /);

    const { pid } = ready.nodes[0]!;
    process.kill(pid, 'SIGKILL');
    await waitFor('the end of the NameServer to be seen', async () => {
      const [state, ended] = stateOf(await ask('status'), 'namesrv-1');
      return state === 'died' && ended === 'SIGKILL';
    });
  });

  it('ends everything when it is asked to, and starts on the same ports again', async () => {
    const first = await start('--mode', 'single');
    const stopped = await first.ask('stop');
    assert.deepEqual(
      stopped.nodes.map(({ state, ended }) => [state, ended]),
      [
        ['stopped', 0],
        ['stopped', 0],
      ],
    );
    assert.equal(await first.supervisor.exited, 0);
    await untilGone(first.ready.nodes.map(({ pid }) => pid));
    assert.equal(existsSync(path.join(directory, 'supervisor.json')), false);
    const second = await start();
    assert.deepEqual(
      second.ready.nodes.map(({ address }) => address),
      first.ready.nodes.map(({ address }) => address),
    );
    const other = await clusterCommand(script, directory, ['start', '--mode', 'single']);
    assert.equal(other.code, 1);
    assert.match(other.output, /A cluster already runs in \S+ \(pid \d+\); see it with: rocketmq-local cluster status/);
    const unknown = await second.command('pause', 'broker-z');
    assert.deepEqual(
      [unknown.code, unknown.output],
      [1, 'rocketmq-local: There is no node "broker-z"; name one of namesrv-1, broker-a.\n'],
    );
  });

  it('leaves nothing behind when it is killed, a paused node neither', async () => {
    const { ready, ask, supervisor } = await start('--mode', 'single');
    await ask('pause', 'broker-a');
    process.kill(supervisor.pid, 'SIGKILL');
    await untilGone(ready.nodes.map(({ pid }) => pid));
    // The file that it left keeps nobody from starting.
    const { ready: next } = await start();
    assert.equal(next.namesrv, ready.namesrv);
  });

  it('ends its nodes in their order when Ctrl+C comes to all of a terminal', async () => {
    const { ready, supervisor, ask } = await start('--mode', 'single');
    const { pid } = nodeIn(await ask('status'), 'broker-a');
    // What a terminal does: the signal goes to the group that runs in front.
    process.kill(-supervisor.pid, 'SIGINT');
    assert.equal(await supervisor.exited, 0);
    await untilGone(ready.nodes.map((node) => node.pid));
    const log = readFileSync(path.join(directory, 'supervisor.log'), 'utf8');
    const [, end] = log.split('ending: SIGINT');
    assert.deepEqual(
      [...(end ?? '').matchAll(/(\S+ is \w+)/g)].map(([, text]) => text),
      ['broker-a is stopping', 'broker-a is stopped', 'namesrv-1 is stopping', 'namesrv-1 is stopped'],
      `broker-a, process ${pid}`,
    );
  });

  it('leaves nothing behind when the program above it is killed', async () => {
    const program = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify([script, 'cluster', 'start', '--mode', 'single', '--dir', directory, '--json'])});
      child.stdout.pipe(process.stdout);
    `;
    const above = startProcess(process.execPath, ['-e', program]);
    const [line] = await above.untilOutput(/^\{"ready":true.*\}$/m, 60_000);
    const ready = JSON.parse(line) as ClusterReady;
    process.kill(above.pid, 'SIGKILL');
    await untilGone([ready.pid, ...ready.nodes.map(({ pid }) => pid)]);
    await above.stop();
  });

  it('starts masters that wait for their slaves, takes a send, shows the slaves in sync and leaves nothing', async () => {
    const { ready, supervisor, address, ask } = await start('--mode', '2m-2s-sync', '--namesrvs', '1');
    assert.deepEqual(
      ready.nodes.map(({ name, role }) => [name, role]),
      [
        ['namesrv-1', 'namesrv'],
        ['broker-a', 'master'],
        ['broker-b', 'master'],
        ['broker-a-s', 'slave'],
        ['broker-b-s', 'slave'],
      ],
    );
    // Every broker has it from the beginning: a slave learns of others some seconds later.
    const topic = 'BenchmarkTest';
    const codes = [await send(address('broker-a'), 'a', topic), await send(address('broker-b'), 'b', topic)];
    assert.deepEqual(codes, [0, 0]);
    const synced = { inSync: true, lagBytes: 0, lagMessages: 0 };
    const replications = await waitFor('both slaves in sync', async () => {
      const found = (await ask('status')).nodes.map(({ replication }) => replication);
      return found.filter((replication) => replication?.inSync && replication.lagBytes === 0).length === 2 && found;
    });
    assert.deepEqual(replications, [null, null, null, synced, synced]);
    const slave = await connect(address('broker-a-s'));
    await waitFor('the message at the slave', async () => {
      const pulled = await slave.request(pullRequest({ topic, queueId: 0, queueOffset: 0 }), TIMEOUT_MS);
      return records(pulled.body).map(({ body }) => body.toString())[0] === 'a';
    });
    slave.dispose();
    const { nodes } = await ask('stop');
    assert.deepEqual(
      nodes.map(({ state, ended }) => [state, ended]),
      nodes.map(() => ['stopped', 0]),
    );
    assert.equal(await supervisor.exited, 0);
    await untilGone(ready.nodes.map(({ pid }) => pid));
    assert.equal(existsSync(path.join(directory, 'supervisor.json')), false);
  });

  it('says what is wrong and what to do', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, output } = await clusterCommand(script, directory, args);
      assert.equal(code, 1, output);
      return output;
    };
    assert.match(
      await wrong('status'),
      /There is no cluster in \S+; start one with: rocketmq-local cluster start --mode/,
    );
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      assert.equal(
        await wrong('start', '--mode', 'single', '--namesrv-port', String(port)),
        `rocketmq-local: Port ${port} of namesrv-1 is in use; choose another with --namesrv-port.\n`,
      );
      assert.equal(existsSync(path.join(directory, 'cluster.json')), false, 'the next start may choose anew');
    } finally {
      server.close();
    }
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'cluster.json'), '{');
    assert.match(
      await wrong('logs', 'broker-a'),
      /cluster\.json cannot be used: .*; restore it, delete it, or choose another/,
    );
  });
});
