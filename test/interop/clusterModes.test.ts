import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { askNode } from '../../src/broker/cluster/askNode.ts';
import { portsOf } from '../../src/broker/cluster/clusterPorts.ts';
import { brokerConf } from '../../src/broker/cluster/nodeConf.ts';
import { replicationOf } from '../../src/broker/cluster/replication.ts';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import { decodeTopicTable } from '../../src/protocol/bodies/topic.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import { startJava } from '../support/apache/java.ts';
import { freePortWith } from '../support/freePort.ts';
import { nodeIn, startLocalCluster } from '../support/localCluster.ts';
import type { LocalCluster } from '../support/localCluster.ts';
import type { RunningProcess } from '../support/runningProcess.ts';
import type { RunningScenario } from '../support/scenario.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'Modes';

/** What Apache's tutorial says of its ways to run a cluster, with its client. */
describe('modes of a cluster', function () {
  this.timeout(240_000);
  this.slow(60_000);
  let place: TempDir;
  let cluster: LocalCluster | undefined;
  let clients: RunningScenario | undefined;
  const servers: RunningProcess[] = [];
  before(function () {
    requireTools(this, 'java', 'javac', 'mvn');
  });
  beforeEach(() => (place = makeTempDir('modes')));
  afterEach(async () => {
    await clients?.stop();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await cluster?.stop();
    clients = undefined;
    cluster = undefined;
    place.remove();
  });

  const startCluster = async (mode: string): Promise<LocalCluster> =>
    (cluster = await startLocalCluster(path.join(place.path, 'cluster'), ['--mode', mode, '--namesrvs', '1']));
  /** A topic with two queues on every master, and the Java program that does what it is told. */
  const startClients = async (nameServer: string): Promise<(command: string) => Promise<void>> => {
    await createTopic(nameServer);
    const commands = path.join(place.path, 'commands');
    const program = (clients = await startScenario('MastersDown', [TOPIC, commands], { release: '5', nameServer }));
    await program.untilLines('started');
    let given = 0;
    return async (command) => {
      appendFileSync(commands, `${command}\n`);
      await program.untilLines('done', ++given);
    };
  };
  const brokersOf = (event: string): Map<number, string> =>
    new Map(clients?.lines(event).map(({ n, broker }) => [Number(n), String(broker)]));
  const areFrom = (broker: string, numbers: readonly number[]): boolean => {
    const received = brokersOf('received');
    return numbers.every((n) => received.get(n) === broker);
  };
  const untilReceived = (numbers: readonly number[]): Promise<unknown> =>
    waitFor(
      'these messages',
      () => {
        const received = brokersOf('received');
        return numbers.every((n) => received.has(n));
      },
      {
        timeoutMs: 120_000,
        details: () => `${String(clients?.lines('received').length)} came\n${String(clients?.output().slice(-4000))}`,
      },
    );

  it('2m-noslave: what a dead master holds unread waits for it, all else flows', async () => {
    const { ready, ask } = await startCluster('2m-noslave');
    const tell = await startClients(ready.namesrv);
    await tell('produce 0 40');
    const before = brokersOf('sent');
    assert.equal(before.size, 40, clients?.output());
    const onBroker = (name: string): number[] => [...before].filter(([, broker]) => broker === name).map(([n]) => n);
    const [held, free] = [onBroker('broker-a'), onBroker('broker-b')];
    assert.deepEqual([held.length, free.length], [20, 20]);

    await ask('kill', 'broker-a');
    await tell('consume');
    await untilReceived(free);
    await tell('produce 40 20');
    const after = [...brokersOf('sent')].filter(([n]) => n >= 40);
    assert.deepEqual([after.length, new Set(after.map(([, broker]) => broker))], [20, new Set(['broker-b'])]);
    await untilReceived(after.map(([n]) => n));
    const received = brokersOf('received');
    assert.deepEqual(
      held.filter((n) => received.has(n)),
      [],
    );

    assert.equal(nodeIn(await ask('start', 'broker-a'), 'broker-a').state, 'running');
    await untilReceived(held);
    assert.ok(areFrom('broker-a', held));
  });

  it('2m-2s-async: consumers go on from the slave while a master is dead, and from the master after that', async () => {
    const { ready, ask, address } = await startCluster('2m-2s-async');
    const tell = await startClients(ready.namesrv);
    await tell('produce 0 40');
    const before = brokersOf('sent');
    const ofMaster = [...before].filter(([, broker]) => broker === 'broker-a').map(([n]) => n);
    assert.deepEqual([before.size, ofMaster.length], [40, 20], clients?.output());
    await untilCopied(address('broker-a'));

    await ask('kill', 'broker-a');
    await tell('consume');
    await untilReceived([...before.keys()]);
    assert.ok(areFrom('broker-a', ofMaster));
    await tell('produce 40 20');
    const whileDead = [...brokersOf('sent')].filter(([n]) => n >= 40);
    assert.deepEqual([whileDead.length, new Set(whileDead.map(([, broker]) => broker))], [20, new Set(['broker-b'])]);
    await untilReceived(whileDead.map(([n]) => n));

    assert.equal(nodeIn(await ask('start', 'broker-a'), 'broker-a').state, 'running');
    await waitFor('the producer to use it again', async () => {
      const first = brokersOf('sent').size;
      await tell(`produce ${first} 4`);
      return [...brokersOf('sent')].some(([n, broker]) => n >= first && broker === 'broker-a');
    });
    await untilReceived([...brokersOf('sent').keys()]);
    await untilCopied(address('broker-a'));
  });

  it('2m-2s-sync: what was acknowledged is there when a master is killed and its directory is deleted', async () => {
    const { ready } = await startCluster('2m-2s-sync');
    const tell = await startClients(ready.namesrv);
    const producing = tell('produce 0 2000');
    await clients?.untilLines('sent', 200);
    process.kill(ready.nodes.find(({ name }) => name === 'broker-a')?.pid ?? 0, 'SIGKILL');
    rmSync(path.join(ready.dir, 'broker-a'), { recursive: true });
    await producing;
    const sent = clients?.lines('sent') ?? [];
    const acknowledged = sent.filter(({ status }) => status === 'SEND_OK');
    const count = (name: string): number => acknowledged.filter(({ broker }) => broker === name).length;
    assert.ok(count('broker-a') >= 80 && count('broker-a') < count('broker-b'), `${count('broker-a')} of it`);
    assert.equal(acknowledged.length, 2000, 'none was refused: the other pair is whole');

    await tell('consume');
    await untilReceived(acknowledged.map(({ n }) => Number(n)));
  });

  it('a slave of Apache with our configuration goes on for consumers when our master dies', async () => {
    const { ready, ask, address } = await startCluster('2m-noslave');
    const master = address('broker-a');
    const port = await freePortWith(portsOf('slave', 0));
    const conf = path.join(place.path, 'slave.conf');
    const slave = { brokerName: 'broker-a', brokerId: 1, brokerRole: 'SLAVE', slaveRead: true } as const;
    const storeDirectory = path.join(place.path, 'slave');
    writeFileSync(
      conf,
      brokerConf(slave, { storeDirectory, bindAddress: '127.0.0.1', host: '127.0.0.1', port }, ready.namesrv),
    );
    // Apache's slave asks its master for topics after a minute: it is given the file that it would write then.
    await createTopic(ready.namesrv);
    const topics = path.join('config', 'topics.json');
    const ofBroker = path.join(ready.dir, 'broker-a', 'store', topics);
    await waitFor(
      'the topic in the file',
      () => existsSync(ofBroker) && readFileSync(ofBroker, 'utf8').includes(TOPIC),
    );
    mkdirSync(path.join(storeDirectory, 'config'), { recursive: true });
    copyFileSync(ofBroker, path.join(storeDirectory, topics));
    await startApache('org.apache.rocketmq.broker.BrokerStartup', conf);
    const tell = await startClients(ready.namesrv);
    await tell('produce 0 40');
    const sent = brokersOf('sent');
    const ofMaster = [...sent].filter(([, broker]) => broker === 'broker-a').map(([n]) => n);
    assert.deepEqual([sent.size, ofMaster.length], [40, 20], clients?.output());
    await waitFor('the slave to know the topic', () => knowsTopic(`127.0.0.1:${port}`), { timeoutMs: 60_000 });
    await untilCopied(master);

    await ask('kill', 'broker-a');
    await tell('consume');
    await untilReceived([...sent.keys()]);
    assert.ok(areFrom('broker-a', ofMaster));
    assert.equal(nodeIn(await ask('status'), 'broker-a').state, 'killed');
  });

  it('a NameServer and a broker of Apache start from the same files', async () => {
    const { ready, ask, address } = await startCluster('2m-noslave');
    const client = new ClusterClient({ nameServers: ready.namesrv });
    try {
      await ask('stop', 'namesrv-1');
      await ask('stop', 'broker-b');
      const { conf: nameServerConf } = nodeIn(await ask('status'), 'namesrv-1');
      const { conf: brokerConf } = nodeIn(await ask('status'), 'broker-b');
      await startApache('org.apache.rocketmq.namesrv.NamesrvStartup', nameServerConf);
      await startApache('org.apache.rocketmq.broker.BrokerStartup', brokerConf);
      const brokers = await waitFor(
        'both brokers at the NameServer',
        async () => {
          const found = await client.brokers().catch(() => []);
          return found.length === 2 && found;
        },
        { timeoutMs: 60_000 },
      );
      assert.deepEqual(
        brokers
          .map(({ brokerName, brokerId, address: at, clusterName }) => [brokerName, brokerId, at, clusterName])
          .sort(),
        [
          ['broker-a', 0, address('broker-a'), 'DefaultCluster'],
          ['broker-b', 0, address('broker-b'), 'DefaultCluster'],
        ],
      );
      // It fails to tell while it is young.
      const { version } = await waitFor('the broker to answer', () =>
        client.brokerDetail(address('broker-b')).catch(() => undefined),
      );
      assert.match(version ?? '', /^V5_5/);
    } finally {
      client.dispose();
    }
  });

  async function startApache(mainClass: string, conf: string): Promise<void> {
    const home = path.join(place.path, mainClass);
    const logback = mainClass.includes('namesrv') ? 'rmq.namesrv.logback.xml' : 'rmq.broker.logback.xml';
    const jvmArgs = ['-Xms64m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'];
    const server = await startJava(mainClass, ['-c', conf], { home, logback, jvmArgs, stopTimeoutMs: 0 });
    servers.push(server);
    await server.untilOutput(/boot success/, 90_000);
  }
});

async function untilCopied(master: string): Promise<void> {
  await waitFor(
    'the slave to have every message',
    async () => (await replicationOf(master, { clock: systemClock, logger: silentLogger }))?.lagBytes === 0,
    { timeoutMs: 60_000 },
  );
}

async function knowsTopic(address: string): Promise<boolean> {
  const body = await askNode(
    address,
    RequestCode.GET_ALL_TOPIC_CONFIG,
    { clock: systemClock, logger: silentLogger },
    5000,
  ).catch(() => undefined);
  return body !== undefined && decodeTopicTable(body).topics.has(TOPIC);
}

async function createTopic(nameServers: string): Promise<void> {
  const client = new ClusterClient({ nameServers });
  try {
    await client.createTopic('DefaultCluster', {
      topic: TOPIC,
      readQueueNums: 2,
      writeQueueNums: 2,
      perm: 6,
      messageType: 'NORMAL',
    });
  } finally {
    client.dispose();
  }
}
