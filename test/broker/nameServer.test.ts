import assert from 'node:assert/strict';
import { crc32, deflateSync } from 'node:zlib';
import { nameServerConfig } from '../../src/broker/config.ts';
import { RouteInfo } from '../../src/broker/nameServer/routeInfo.ts';
import type { BrokerRegistration } from '../../src/broker/nameServer/routeInfo.ts';
import { decodeClusterInfo, decodeTopicList, decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { encodeRegistration, topicConfig } from '../../src/protocol/bodies/topic.ts';
import type { TopicTable } from '../../src/protocol/bodies/topic.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { encodeFrame } from '../../src/protocol/frame.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { RawClient } from './rawClient.ts';
import { TestBroker, ask, connect } from './testBroker.ts';

const table = (counter: number, ...names: string[]): TopicTable => ({
  dataVersion: { counter, stateVersion: 0, timestamp: 1 },
  topics: new Map(
    names.map((topicName) => [topicName, topicConfig({ topicName, readQueueNums: 4, writeQueueNums: 4 })]),
  ),
});

const registration = (more: Partial<BrokerRegistration> = {}): BrokerRegistration => ({
  clusterName: 'C',
  brokerName: 'a',
  brokerAddr: '10.0.0.1:10911',
  brokerId: 0,
  haServerAddr: '10.0.0.1:10912',
  table: table(1, 'T', 'U'),
  owner: {},
  ...more,
});

describe('broker: routes of the NameServer', () => {
  it('merges what a broker registers: a single topic takes nothing away', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    routes.register(registration({ table: table(2, 'V') }), 0);
    assert.deepEqual(routes.topics(), ['T', 'U', 'V']);
    assert.deepEqual(routes.route('T')?.queues[0], {
      brokerName: 'a',
      readQueueNums: 4,
      writeQueueNums: 4,
      perm: 6,
      topicSysFlag: 0,
    });
  });

  it('takes a single topic of a broker it does not know', () => {
    const routes = new RouteInfo(nameServerConfig());
    assert.deepEqual(routes.register(registration({ table: table(1, 'T') }), 0), {});
    assert.deepEqual(routes.topics(), ['T']);
  });

  it('routes a topic over several brokers, and lists clusters', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    routes.register(registration({ brokerName: 'b', brokerAddr: '10.0.0.2:10911', table: table(1, 'T', 'W') }), 0);
    assert.deepEqual(
      routes.route('T')?.brokers.map((broker) => broker.brokerName),
      ['a', 'b'],
    );
    assert.deepEqual([...routes.clusterInfo().clusters], [['C', ['a', 'b']]]);
    assert.deepEqual(routes.topicsOfCluster('C'), ['T', 'U', 'W']);
    assert.deepEqual(routes.topicsOfCluster('D'), []);
    assert.deepEqual(routes.systemTopics(), { topics: ['C', 'a', 'b'], brokerAddr: '10.0.0.1:10911' });
  });

  it('tells a slave its master, and takes no topics from it', () => {
    const routes = new RouteInfo(nameServerConfig());
    const slave = { brokerId: 1, brokerAddr: '10.0.0.9:10911', table: table(1, 'OnlyThere', 'Too') };
    assert.deepEqual(routes.register(registration(slave), 0), {});
    routes.register(registration(), 0);
    assert.deepEqual(routes.register(registration(slave), 0), {
      masterAddr: '10.0.0.1:10911',
      haServerAddr: '10.0.0.1:10912',
    });
    assert.deepEqual(
      [...(routes.route('T')?.brokers[0]?.brokerAddrs ?? [])],
      [
        [1, '10.0.0.9:10911'],
        [0, '10.0.0.1:10911'],
      ],
    );
    assert.equal(routes.route('OnlyThere'), undefined);
  });

  it('gives an address one id: a slave that became master is no slave any more', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration({ brokerId: 1 }), 0);
    routes.register(registration(), 0);
    assert.deepEqual([...(routes.route('T')?.brokers[0]?.brokerAddrs ?? [])], [[0, '10.0.0.1:10911']]);
  });

  it('lets another address take an id, unless the one there has newer state', () => {
    const routes = new RouteInfo(nameServerConfig());
    const withState = (stateVersion: number): TopicTable => ({
      ...table(1, 'T', 'U'),
      dataVersion: { counter: 1, stateVersion, timestamp: 1 },
    });
    routes.register(registration({ table: withState(5) }), 0);
    const addresses = (): string[] => [...(routes.route('T')?.brokers[0]?.brokerAddrs.values() ?? [])];
    // As Apache's: the older one is answered like any other.
    assert.deepEqual(routes.register(registration({ brokerAddr: '10.0.0.7:1', table: withState(4) }), 0), {});
    assert.deepEqual(addresses(), ['10.0.0.1:10911']);
    routes.register(registration({ brokerAddr: '10.0.0.7:1', table: withState(6) }), 0);
    assert.deepEqual(addresses(), ['10.0.0.7:1']);
  });

  it('takes a changed topic only with a new version of the table', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    const changed: TopicTable = {
      ...table(1),
      topics: new Map([['T', topicConfig({ topicName: 'T', readQueueNums: 9, writeQueueNums: 9 })]]),
    };
    routes.register(registration({ table: changed }), 0);
    assert.equal(routes.route('T')?.queues[0]?.readQueueNums, 4);
    routes.register(
      registration({ table: { ...changed, dataVersion: { counter: 2, stateVersion: 0, timestamp: 1 } } }),
      0,
    );
    assert.equal(routes.route('T')?.queues[0]?.readQueueNums, 9);
  });

  it('forgets a broker that is silent for longer than it said, and what only it had', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    routes.register(
      registration({ brokerName: 'b', brokerAddr: 'b:1', table: table(1, 'T', 'W'), heartbeatTimeoutMillis: 1000 }),
      0,
    );
    assert.deepEqual(routes.expire(1000), []);
    assert.deepEqual(
      routes.expire(1001).map(({ identity }) => identity.brokerName),
      ['b'],
    );
    assert.deepEqual(routes.topics(), ['T', 'U']);
    routes.refresh({ clusterName: 'C', brokerAddr: '10.0.0.1:10911' }, 60_000);
    assert.deepEqual(routes.expire(180_000), []);
    assert.equal(routes.expire(180_001).length, 1);
    assert.deepEqual(routes.topics(), []);
    assert.deepEqual([...routes.clusterInfo().clusters], []);
  });

  it('forgets the brokers of an owner that is gone, and not those that came back through another', () => {
    const routes = new RouteInfo(nameServerConfig());
    const [first, second] = [{ name: 1 }, { name: 2 }];
    routes.register(registration({ owner: first }), 0);
    routes.register(registration({ owner: second }), 0);
    assert.deepEqual(routes.ownerGone(first), []);
    assert.equal(routes.ownerGone(second).length, 1);
    assert.equal(routes.route('T'), undefined);
  });

  it('takes the write permission from a broker and gives it back', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    assert.equal(routes.setWritable('a', false), 2);
    assert.equal(routes.route('T')?.queues[0]?.perm, 4);
    assert.equal(routes.setWritable('a', true), 2);
    assert.equal(routes.route('T')?.queues[0]?.perm, 6);
    assert.equal(routes.setWritable('nobody', false), 0);
  });

  it('deletes a topic everywhere or in one cluster', () => {
    const routes = new RouteInfo(nameServerConfig());
    routes.register(registration(), 0);
    routes.register(registration({ clusterName: 'D', brokerName: 'd', brokerAddr: 'd:1' }), 0);
    routes.deleteTopic('T', 'D');
    assert.deepEqual(
      routes.route('T')?.queues.map((queue) => queue.brokerName),
      ['a'],
    );
    routes.deleteTopic('T', undefined);
    assert.equal(routes.route('T'), undefined);
  });
});

describe('broker: NameServer over the wire', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const register = (
    body: Buffer,
    more: Record<string, string> = {},
    connection = broker.nameServerClient,
  ): Promise<RemotingCommand> =>
    ask(
      connection,
      RequestCode.REGISTER_BROKER,
      {
        brokerName: 'other',
        brokerAddr: '10.0.0.5:10911',
        clusterName: 'C2',
        haServerAddr: '10.0.0.5:10912',
        brokerId: '0',
        compressed: 'false',
        bodyCrc32: '0',
        ...more,
      },
      body,
    );

  it('answers an unknown topic with 17 and where to read on', async () => {
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'Nope' });
    assert.equal(answer.code, ResponseCode.TOPIC_NOT_EXIST);
    assert.match(answer.remark ?? '', /^No topic route info in name server for the topic: Nope\nSee https:/);
  });

  it('knows its broker, and the routes of TBW102, the cluster and the broker', async () => {
    const info = decodeClusterInfo((await broker.askNameServer(RequestCode.GET_BROKER_CLUSTER_INFO)).body);
    assert.deepEqual([...(info.brokers[0]?.brokerAddrs ?? [])], [[0, broker.runtime.broker.address]]);
    for (const topic of ['TBW102', 'DefaultCluster', 'broker-a']) {
      assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic })).code, 0, topic);
    }
    const list = decodeTopicList((await broker.askNameServer(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER)).body);
    assert.ok(list.topics.includes('SCHEDULE_TOPIC_XXXX'));
  });

  it('quotes the broker ids for releases from 4.9.4 on, and for who asks', async () => {
    const raw = await RawClient.connect(broker.runtime.nameServerAddress);
    const bodyFor = async (version: number, extFields: Record<string, string>): Promise<string> => {
      const frame = encodeFrame({
        code: RequestCode.GET_ROUTEINFO_BY_TOPIC,
        language: 'JAVA',
        version,
        opaque: 1,
        flag: 0,
        remark: undefined,
        extFields,
        body: Buffer.alloc(0),
      });
      raw.write(frame);
      const answer = await raw.answer();
      return answer === 'closed' ? answer : answer.command.body.toString('latin1');
    };
    assert.match(await bodyFor(401, { topic: 'TBW102' }), /"brokerAddrs":\{"0":"127/);
    assert.match(await bodyFor(399, { topic: 'TBW102' }), /"brokerAddrs":\{0:"127/);
    assert.match(await bodyFor(399, { topic: 'TBW102', acceptStandardJsonOnly: 'true' }), /"brokerAddrs":\{"0":"127/);
    raw.close();
  });

  it('checks the sum of a registration', async () => {
    const body = encodeRegistration(table(1, 'X', 'Y'));
    const wrong = await register(body, { bodyCrc32: '1' });
    assert.deepEqual([wrong.code, wrong.remark], [ResponseCode.SYSTEM_ERROR, 'crc32 not match']);
    assert.equal((await register(body, { bodyCrc32: String(crc32(body) & 0x7fffffff) })).code, 0);
    assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'X' })).code, 0);
  });

  it('reads a deflated registration, whatever its header says of it', async () => {
    const part = (text: string): Buffer => {
      const bytes = Buffer.from(text);
      const size = Buffer.alloc(4);
      size.writeInt32BE(bytes.length);
      return Buffer.concat([size, bytes]);
    };
    const count = Buffer.from([0, 0, 0, 1]);
    const body = deflateSync(
      Buffer.concat([
        part('{"counter":1,"stateVersion":0,"timestamp":1}'),
        count,
        part('Deflated 3 2 6 SINGLE_TAG {}'),
        part('[]'),
      ]),
    );
    assert.equal((await register(body)).code, 0);
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'Deflated' });
    assert.equal(decodeTopicRoute(answer.body).queues[0]?.readQueueNums, 3);
  });

  it('forgets a broker when its connection closes', async () => {
    const other = await connect(broker.runtime.nameServerAddress);
    await register(encodeRegistration(table(1, 'X', 'Y')), {}, other);
    assert.ok(broker.runtime.nameServer.routes.route('X'));
    other.dispose();
    await waitFor('the broker to be gone', () => broker.runtime.nameServer.routes.route('X') === undefined, {
      pollMs: 2,
    });
  });

  it('forgets a broker that is silent', async () => {
    await register(encodeRegistration(table(1, 'X', 'Y')), { heartbeatTimeoutMillis: '1000' });
    broker.clock.advance(5000);
    assert.equal(broker.runtime.nameServer.routes.route('X'), undefined);
    assert.ok(broker.runtime.nameServer.routes.route('TBW102'));
  });

  it('tells whether a table is newer than the one it knows', async () => {
    const identity = { brokerName: 'other', brokerAddr: '10.0.0.5:10911', clusterName: 'C2', brokerId: '0' };
    const changed = async (counter: number): Promise<string | undefined> =>
      (await broker.askNameServer(RequestCode.QUERY_DATA_VERSION, identity, { counter, stateVersion: 0, timestamp: 1 }))
        .extFields['changed'];
    assert.equal(await changed(1), 'true');
    await register(encodeRegistration(table(1, 'X', 'Y')));
    assert.equal(await changed(1), 'false');
    assert.equal(await changed(2), 'true');
  });

  it('keeps keys and values, also over a restart', async () => {
    const directory = makeTempDir('kv');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    const key = { namespace: 'n', key: 'k' };
    const missing = await broker.askNameServer(RequestCode.GET_KV_CONFIG, key);
    assert.deepEqual([missing.code, missing.remark], [22, 'No config item, Namespace: n Key: k']);
    await broker.askNameServer(RequestCode.PUT_KV_CONFIG, { ...key, value: 'v' });
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    assert.equal((await broker.askNameServer(RequestCode.GET_KV_CONFIG, key)).extFields['value'], 'v');
    const list = await broker.askNameServer(RequestCode.GET_KVLIST_BY_NAMESPACE, { namespace: 'n' });
    assert.deepEqual(JSON.parse(list.body.toString()), { table: { k: 'v' } });
    await broker.askNameServer(RequestCode.DELETE_KV_CONFIG, key);
    assert.equal((await broker.askNameServer(RequestCode.GET_KV_CONFIG, key)).code, 22);
    await broker.stop();
    directory.remove();
  });

  it('serves the order of topics where it is told to', async () => {
    await broker.stop();
    broker = await TestBroker.start({ nameServer: { orderMessageEnable: true } });
    await broker.askNameServer(RequestCode.PUT_KV_CONFIG, {
      namespace: 'ORDER_TOPIC_CONFIG',
      key: 'TBW102',
      value: 'broker-a:4',
    });
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' });
    assert.equal(decodeTopicRoute(answer.body).orderTopicConf, 'broker-a:4');
  });
});
