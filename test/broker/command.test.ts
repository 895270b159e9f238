import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import type { BrokerEvent, BrokerReady } from '../../src/broker/control.ts';
import { decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { Code } from '../../src/protocol/grpc/definition_pb.ts';
import { repository } from '../support/repository.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { GrpcTestClient } from './grpc/grpcTestClient.ts';
import { ask, connect, pullRequest, records, sendRequest, TIMEOUT_MS } from './testBroker.ts';

const START_TIMEOUT_MS = 60_000;
const ANY_PORTS = ['--namesrv-port', '0', '--port', '0', '--grpc-port', '0'];

/** The command as a process: bundled as it is shipped, since a loader would listen to signals itself. */
class Command {
  readonly child: ChildProcess;
  readonly events: BrokerEvent[] = [];
  out = '';
  errors = '';
  /** All that it said is read then. */
  readonly exited: Promise<number | string>;

  constructor(bundle: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = fork(bundle, args, {
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.child.on('message', (event) => this.events.push(event as BrokerEvent));
    const streams = [this.child.stdout, this.child.stderr].filter((stream) => stream !== null);
    const areRead = Promise.all(streams.map((stream) => once(stream, 'close')));
    this.exited = once(this.child, 'exit').then(async ([code, signal]: (number | string | null)[]) => {
      await areRead;
      return code ?? signal ?? 'gone';
    });
  }

  /** The first line on standard output. */
  async ready(): Promise<BrokerReady> {
    const line = await waitFor(
      'the ready line',
      () => {
        assert.equal(this.child.exitCode, null, this.errors);
        return /^(.*)\n/.exec(this.out)?.[1];
      },
      { timeoutMs: START_TIMEOUT_MS, pollMs: 10, details: () => this.errors },
    );
    return JSON.parse(line) as BrokerReady;
  }

  /** Until it told its parent as much. */
  async told(count: number): Promise<BrokerEvent[]> {
    await waitFor(`${count} events`, () => this.events.length >= count, { details: () => this.errors });
    return this.events;
  }

  /** What was logged before the ready line may be read after it. */
  async logged(pattern: RegExp): Promise<void> {
    await waitFor(String(pattern), () => pattern.test(this.errors), { details: () => this.errors });
  }
}

describe('command rocketmq-local', function () {
  this.timeout(3 * START_TIMEOUT_MS);
  this.slow(8000);
  let directory: TempDir;
  let bundleDirectory: TempDir;
  let bundle: string;
  const commands: Command[] = [];
  before(async () => {
    bundleDirectory = makeTempDir('bundle');
    bundle = path.join(bundleDirectory.path, 'broker.cjs');
    await build({
      entryPoints: [path.join(repository, 'src', 'broker', 'main.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
  });
  after(() => bundleDirectory.remove());
  beforeEach(() => (directory = makeTempDir('command')));
  afterEach(async () => {
    for (const { child, exited } of commands.splice(0)) {
      child.kill('SIGKILL');
      await exited;
    }
    directory.remove();
  });

  const run = (args: readonly string[], env?: NodeJS.ProcessEnv): Command => {
    // Temporary stores of a process that is killed go with the directory.
    const command = new Command(bundle, args, { TMPDIR: directory.path, ...env });
    commands.push(command);
    return command;
  };
  const store = (): string => path.join(directory.path, 'store');

  it('starts, says so in one JSON line and to its parent, and accepts a send', async () => {
    const command = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    const ready = await command.ready();
    assert.deepEqual(Object.keys(ready), ['ready', 'pid', 'namesrv', 'broker', 'grpc', 'store', 'readyMs', 'control']);
    assert.deepEqual([ready.ready, ready.pid, ready.store], [true, command.child.pid, store()]);
    assert.match(ready.namesrv, /^127\.0\.0\.1:\d+$/);
    assert.ok(ready.readyMs > 0);
    const client = await connect(ready.broker);
    assert.equal((await client.request(sendRequest('T', 'x'), TIMEOUT_MS)).code, 0);
    client.dispose();
    for (const tls of [false, true]) {
      const grpc = new GrpcTestClient(ready.grpc ?? '', { tls });
      assert.equal((await grpc.call('queryRoute', { topic: { name: 'T' } })).status?.code, Code.OK);
      grpc.close();
    }
    assert.deepEqual(JSON.parse(readFileSync(path.join(store(), 'running.json'), 'utf8')), ready);
    assert.deepEqual(await command.told(1), [{ kind: 'ready', info: ready }]);
    command.child.kill('SIGTERM');
    assert.equal(await command.exited, 0, command.errors);
    assert.equal(existsSync(path.join(store(), 'running.json')), false);
    assert.equal(command.out.split('\n').length, 2, 'nothing but the line is on standard output');
    assert.match(command.errors, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO main - /);
  });

  it('serves the control interface where it is asked for, and writes its token nowhere but on the ready line', async () => {
    const log = path.join(directory.path, 'broker.log');
    const command = run([
      'start',
      ...ANY_PORTS,
      '--control-port',
      '0',
      '--store',
      store(),
      '--json',
      '--log',
      log,
      '--verbose',
    ]);
    const { control: access, broker } = await command.ready();
    const { url = '', token = '' } = access ?? {};
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ kind: 'refuse', code: 'SYSTEM_BUSY', count: 1, topic: 'T' });
    assert.equal((await fetch(`${url}/faults`, { method: 'POST', headers, body })).status, 200);
    const client = await connect(broker);
    assert.deepEqual(
      [
        (await client.request(sendRequest('T', 'x'), 4000)).code,
        (await client.request(sendRequest('T', 'x'), 4000)).code,
      ],
      [2, 0],
    );
    client.dispose();
    assert.equal(readFileSync(path.join(store(), 'running.json'), 'utf8').includes(token), false);
    const control = (words: string, env: NodeJS.ProcessEnv): Command => run(['control', ...words.split(' ')], env);
    const env = { ROCKETMQ_LOCAL_CONTROL_URL: url, ROCKETMQ_LOCAL_CONTROL_TOKEN: token };
    const listed = control('faults list', env);
    assert.equal(await listed.exited, 0, listed.errors);
    assert.match(listed.out, /"kind":"refuse".*"struck":1/);
    const refused = control('clock by soon', env);
    assert.equal(await refused.exited, 1);
    assert.match(refused.errors, /^rocketmq-local: by cannot be "soon"/);
    const lost = control('topics', {});
    assert.equal(await lost.exited, 1);
    assert.match(lost.errors, /^rocketmq-local: where is the broker\? Give --url and --token/);
    command.child.kill('SIGTERM');
    assert.equal(await command.exited, 0, command.errors);
    assert.match(token, /^[\w-]{43}$/);
    assert.equal(`${readFileSync(log, 'utf8')}${command.errors}`.includes(token), false);
  });

  it('keeps a temporary store only while it runs, and logs to a file', async () => {
    const log = path.join(directory.path, 'broker.log');
    const command = run(['start', ...ANY_PORTS, '--temp', '--json', '--log', log]);
    const ready = await command.ready();
    assert.ok(existsSync(path.join(ready.store, 'config', 'topics.json')));
    command.child.kill('SIGINT');
    assert.equal(await command.exited, 0, command.errors);
    assert.equal(existsSync(ready.store), false);
    assert.equal(command.errors, '');
    assert.match(readFileSync(log, 'utf8'), /INFO main - stopping: SIGINT\n/);
  });

  it('stops when its parent says so, and when its parent is gone', async () => {
    const told = run(['start', ...ANY_PORTS, '--temp', '--json']);
    await told.ready();
    told.child.send({ kind: 'stop' });
    const left = run(['start', ...ANY_PORTS, '--temp', '--json']);
    const { store: leftStore } = await left.ready();
    left.child.disconnect();
    assert.deepEqual(await Promise.all([told.exited, left.exited]), [0, 0]);
    assert.equal(existsSync(leftStore), false);
  });

  it('is friendly without --json, and uses the data directory of the user', async () => {
    const command = run(['start', ...ANY_PORTS], { XDG_DATA_HOME: directory.path });
    await waitFor('the greeting', () => command.out.includes('Ctrl+C'), {
      timeoutMs: START_TIMEOUT_MS,
      details: () => command.errors,
    });
    assert.match(command.out, /^RocketMQ is up\. NameServer 127\.0\.0\.1:\d+, broker 127\.0\.0\.1:\d+, messages in /);
    assert.ok(existsSync(path.join(directory.path, 'rocketmq-local', 'config', 'topics.json')));
  });

  it('names the broker that uses the store, in one sentence, with status 1', async () => {
    const first = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    const ready = await first.ready();
    const second = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    assert.equal(await second.exited, 1);
    assert.equal(
      second.errors.split('\n').at(-2),
      `rocketmq-local: Another broker (pid ${ready.pid}, NameServer ${ready.namesrv}, broker ${ready.broker}) uses the ` +
        `store ${store()}; use that one, stop it, or start with another directory by --store or --temp.`,
    );
    assert.equal(second.out, '');
    const [failed] = await second.told(1);
    assert.ok(failed?.kind === 'failed');
    assert.equal(failed.code, 'store-locked');
    assert.equal(failed.details['pid'], ready.pid);
    assert.deepEqual(JSON.parse(readFileSync(path.join(store(), 'running.json'), 'utf8')), ready, 'it still runs');
  });

  it('says which port is taken, and leaves nothing behind', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    for (const args of [
      ['--namesrv-port', String(port), '--port', '0', '--grpc-port', 'off'],
      ['--namesrv-port', '0', '--port', String(port), '--grpc-port', 'off'],
      ['--namesrv-port', '0', '--port', '0', '--grpc-port', String(port)],
    ]) {
      const command = run(['start', ...args, '--store', store()]);
      assert.equal(await command.exited, 1);
      assert.match(
        command.errors,
        new RegExp(`rocketmq-local: Port ${port} is already in use; stop the program .*, or choose another`),
      );
      assert.deepEqual(
        (await command.told(1)).map((event) => event.kind === 'failed' && event.code),
        ['port-in-use'],
      );
      assert.equal(existsSync(path.join(store(), 'lock')), false);
    }
    holder.close();
    await once(holder, 'close');
  });

  const wrong: readonly [string, readonly string[], RegExp][] = [
    ['an unknown option', ['start', '--colour'], /--colour.*; see rocketmq-local --help\.\n$/],
    ['an unknown command', ['stop'], /^rocketmq-local: There is no command "stop"; see/],
    ['a port that is none', ['start', '--port', '70000'], /--port wants a port from 0 to 65535, not "70000"/],
    ['an option without its value', ['start', '--port'], /^rocketmq-local: --port wants a value; see .*--help\.\n$/],
    [
      'an option for a value',
      ['start', '--port', '--temp'],
      /^rocketmq-local: --port wants a value; see .*--help\.\n$/,
    ],
    [
      'a port of gRPC that is none',
      ['start', '--grpc-port', 'on'],
      /--grpc-port wants a port from 0 to 65535, or off, not/,
    ],
    ['a broker without NameServer', ['broker', '--port', '0', '--temp'], /needs a NameServer: give it with -n/],
    [
      'a NameServer that is no address',
      ['broker', '--port', '0', '--temp', '-n', 'local host:x'],
      /is not an address; write it as host:port/,
    ],
    [
      'a configuration that is not there',
      ['start', ...ANY_PORTS, '--temp', '-c', '/no/such.conf'],
      /given with -c cannot be read/,
    ],
    [
      'an address of another machine',
      ['start', ...ANY_PORTS, '--temp', '--host', '192.0.2.77'],
      /192\.0\.2\.77 is not an address of this machine/,
    ],
  ];
  for (const [what, args, message] of wrong) {
    it(`ends with status 1 and a sentence on ${what}`, async () => {
      const command = run(args);
      assert.equal(await command.exited, 1);
      assert.match(command.errors, message);
      assert.equal(command.out, '');
    });
  }

  it('says what to do where no temporary directory can be made', async () => {
    const command = run(['start', ...ANY_PORTS, '--temp'], { TMPDIR: path.join(directory.path, 'gone') });
    assert.equal(await command.exited, 1);
    assert.match(
      command.errors,
      /^rocketmq-local: --temp finds no place: ENOENT.*TMPDIR, or give one with --store; .*\n$/,
    );
  });

  it('says what to do about a store that is no directory', async () => {
    const file = path.join(directory.path, 'file');
    writeFileSync(file, 'something else');
    const command = run(['start', ...ANY_PORTS, '--store', file]);
    assert.equal(await command.exited, 1);
    assert.match(
      command.errors,
      /^rocketmq-local: It cannot start: .*; give a directory that you may write with --store/,
    );
    assert.equal(readFileSync(file, 'utf8'), 'something else');
  });

  it('stops again when it cannot say that it is ready', async () => {
    mkdirSync(path.join(store(), 'running.json.tmp'), { recursive: true });
    const command = run(['start', ...ANY_PORTS, '--store', store()]);
    assert.equal(await command.exited, 1);
    assert.match(command.errors, /^rocketmq-local: It cannot start: EISDIR.*--store, or --temp\.$/m);
    assert.match(command.errors, /INFO main - broker broker-a stopped\n/);
    assert.deepEqual([existsSync(path.join(store(), 'lock')), existsSync(path.join(store(), 'abort'))], [false, false]);
    assert.deepEqual(
      (await command.told(1)).map((event) => event.kind),
      ['failed'],
    );
  });

  it('says that it did not stop cleanly, and is not taken for running any more', async () => {
    const command = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    await command.ready();
    rmSync(path.join(store(), 'checkpoint'), { force: true });
    mkdirSync(path.join(store(), 'checkpoint', 'in the way'), { recursive: true });
    command.child.kill('SIGTERM');
    assert.equal(await command.exited, 1);
    assert.match(command.errors, /^rocketmq-local: It did not stop cleanly: E/m);
    assert.doesNotMatch(command.errors, /cannot start/);
    assert.equal(existsSync(path.join(store(), 'running.json')), false);
    assert.deepEqual(
      (await command.told(1)).map((event) => event.kind),
      ['ready'],
    );
  });

  it('obeys broker.conf, below its options, and names keys it does not obey', async () => {
    const conf = path.join(directory.path, 'broker.conf');
    writeFileSync(
      conf,
      `brokerName=b1\nbrokerClusterName=C1\nlistenPort=1\nwarmMapedFileEnable=true\nstorePathRootDir=${store()}\n`,
    );
    const command = run(['start', ...ANY_PORTS, '-c', conf, '--json']);
    const ready = await command.ready();
    assert.equal(ready.store, store());
    await command.logged(/WARN main - these keys of the configuration are not obeyed: warmMapedFileEnable\n/);
    const client = await connect(ready.namesrv);
    assert.equal((await ask(client, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'b1' })).code, 0);
    client.dispose();
  });

  it('does not start a slave beside a NameServer that knows no master', async () => {
    const conf = path.join(directory.path, 'slave.conf');
    writeFileSync(conf, 'brokerRole=SLAVE\nbrokerId=1\n');
    const command = run(['start', ...ANY_PORTS, '--temp', '-c', conf]);
    assert.equal(await command.exited, 1);
    assert.match(command.errors, /A slave follows a master .* start it with rocketmq-local broker -n HOST:PORT/);
  });

  it('warns loudly when other machines can reach it', async () => {
    const command = run(['start', ...ANY_PORTS, '--temp', '--host', '0.0.0.0', '--json']);
    const ready = await command.ready();
    await command.logged(/WARN main - LISTENING ON 0\.0\.0\.0: every machine/);
    assert.doesNotMatch(ready.broker, /^0\.0\.0\.0/);
  });

  it('runs the roles apart', async () => {
    const nameServer = run(['namesrv', '--port', '0', '--temp', '--json']);
    const { namesrv } = await nameServer.ready();
    const broker = run(['broker', '-n', namesrv, '--port', '0', '--grpc-port', 'off', '--temp', '--json']);
    const ready = await broker.ready();
    assert.equal(ready.namesrv, namesrv);
    const client = await connect(namesrv);
    const route = decodeTopicRoute((await ask(client, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' })).body);
    assert.deepEqual([...(route.brokers[0]?.brokerAddrs.values() ?? [])], [ready.broker]);
    broker.child.kill('SIGTERM');
    assert.equal(await broker.exited, 0);
    assert.equal((await ask(client, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' })).code, 17);
    client.dispose();
  });

  it('loses no message that it answered when it is killed', async () => {
    const first = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    const client = await connect((await first.ready()).broker);
    const acknowledged: string[] = [];
    const sendOn = async (name: string): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const body = `${name}-${n}`;
        const answer = await client.request(sendRequest('T', body, { queueId: n % 4 }), TIMEOUT_MS);
        assert.equal(answer.code, 0);
        acknowledged.push(body);
        if (acknowledged.length === 2000) first.child.kill('SIGKILL');
      }
    };
    const ends = await Promise.allSettled(['a', 'b', 'c', 'd'].map(sendOn));
    assert.deepEqual(
      ends.map((end) => end.status),
      ['rejected', 'rejected', 'rejected', 'rejected'],
    );
    assert.equal(await first.exited, 'SIGKILL');
    const second = run(['start', ...ANY_PORTS, '--store', store(), '--json']);
    const reader = await connect((await second.ready()).broker);
    const found = new Set<string>();
    for (let queueId = 0; queueId < 4; queueId += 1) {
      for (let queueOffset = 0; ;) {
        const answer = await reader.request(pullRequest({ topic: 'T', queueId, queueOffset }), TIMEOUT_MS);
        if (answer.code !== 0) break;
        for (const message of records(answer.body)) found.add(message.body.toString());
        queueOffset = Number(answer.extFields['nextBeginOffset']);
      }
    }
    reader.dispose();
    assert.ok(acknowledged.length >= 2000);
    assert.deepEqual(
      acknowledged.filter((body) => !found.has(body)),
      [],
    );
  });

  it('prints help and version', async () => {
    const [help, version] = [run(['--help']), run(['--version'])];
    assert.deepEqual(await Promise.all([help.exited, version.exited]), [0, 0]);
    assert.match(help.out, /rocketmq-local start .*--grpc-port/s);
    assert.match(version.out, /^rocketmq-local \d+\.\d+\.\d+, speaks as Apache RocketMQ 5\.3\.3\n$/);
  });
});
