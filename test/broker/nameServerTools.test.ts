import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { nameServerConfig } from '../../src/broker/config.ts';
import type { NameServerConfig } from '../../src/broker/config.ts';
import { RouteInfo } from '../../src/broker/nameServer/routeInfo.ts';
import type { BrokerRegistration } from '../../src/broker/nameServer/routeInfo.ts';
import { parseProperties } from '../../src/base/properties.ts';
import { decodeTopicList, decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import type { TopicRoute } from '../../src/protocol/bodies/route.ts';
import { topicConfig } from '../../src/protocol/bodies/topic.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { TestBroker } from './testBroker.ts';

const registration = (more: Partial<BrokerRegistration> = {}): BrokerRegistration => ({
  clusterName: 'C',
  brokerName: 'a',
  brokerAddr: 'm:1',
  brokerId: 0,
  haServerAddr: 'm:2',
  table: {
    dataVersion: { counter: 1, stateVersion: 0, timestamp: 1 },
    topics: new Map(['T', 'U'].map((topicName) => [topicName, topicConfig({ topicName })])),
  },
  owner: {},
  ...more,
});
const slave = { brokerId: 1, brokerAddr: 's:1', haServerAddr: 's:2' };

describe('broker: acting masters and lists of the NameServer', () => {
  const addresses = (route: TopicRoute | undefined): unknown => [...(route?.brokers[0]?.brokerAddrs ?? [])];

  it('shows a slave in place of a master that is gone, without the write permission', () => {
    const routes = new RouteInfo(nameServerConfig({ supportActingMaster: true }));
    routes.register(registration({ enableActingMaster: true }), 0);
    routes.register(registration({ ...slave, enableActingMaster: true }), 0);
    assert.equal(routes.route('T')?.queues[0]?.perm, 6);
    routes.unregister({ clusterName: 'C', brokerName: 'a', brokerAddr: 'm:1' });
    assert.equal(routes.route('T')?.queues[0]?.perm, 4);
    assert.deepEqual(addresses(routes.route('T')), [[0, 's:1']]);
    routes.register(registration({ ...slave, enableActingMaster: true }), 0);
    assert.equal(routes.route('T')?.queues[0]?.perm, 4);
  });

  it('shows no acting master where it is off, or where the group does not want one', () => {
    for (const [supportActingMaster, enableActingMaster] of [
      [false, true],
      [true, false],
    ] as const) {
      const routes = new RouteInfo(nameServerConfig({ supportActingMaster }));
      routes.register(registration({ enableActingMaster }), 0);
      routes.register(registration({ ...slave, enableActingMaster }), 0);
      routes.unregister({ clusterName: 'C', brokerName: 'a', brokerAddr: 'm:1' });
      assert.deepEqual(addresses(routes.route('T')), [[1, 's:1']]);
      assert.equal(routes.route('T')?.queues[0]?.perm, enableActingMaster ? 4 : 6);
    }
  });

  it('forgets the topics that a broker leaves out, where it is told to', () => {
    const routes = new RouteInfo(nameServerConfig({ deleteTopicWithBrokerRegistration: true }));
    routes.register(registration(), 0);
    const only = new Map([['U', topicConfig({ topicName: 'U' })]]);
    routes.register(registration({ table: { dataVersion: undefined, topics: only } }), 0);
    assert.deepEqual(routes.topics(), ['U']);
  });
});

describe('broker: tools at the NameServer', () => {
  let broker: TestBroker;
  const start = async (nameServer: Partial<NameServerConfig> = {}): Promise<void> => {
    broker = await TestBroker.start({ nameServer });
  };
  afterEach(() => broker.stop());

  const routeOf = async (topic: string, more: Record<string, string> = {}): Promise<TopicRoute | number> => {
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic, ...more });
    return answer.code === 0 ? decodeTopicRoute(answer.body) : answer.code;
  };
  const identity = { clusterName: 'DefaultCluster', brokerName: 'broker-z', brokerId: '0', haServerAddr: '' };
  const register = async (more: Record<string, string>, body: Buffer | object): Promise<void> => {
    const header = { ...identity, brokerAddr: 'z:1', ...more };
    assert.equal((await broker.askNameServer(RequestCode.REGISTER_BROKER, header, body)).code, 0);
  };

  it('lists the members of a broker name', async () => {
    await start();
    const header = { clusterName: 'DefaultCluster', brokerName: 'broker-a' };
    const answer = await broker.askNameServer(RequestCode.GET_BROKER_MEMBER_GROUP, header);
    assert.equal(
      answer.body.toString(),
      `{"brokerMemberGroup":{"brokerAddrs":{0:"${broker.runtime.broker.address}"},"brokerName":"broker-a","cluster":"DefaultCluster"}}`,
    );
  });

  it('takes the queues of a topic from a tool, on brokers that are here', async () => {
    await start();
    const queue = { readQueueNums: 3, writeQueueNums: 3, perm: 6, topicSysFlag: 1 };
    const put = (topic: string, brokerName: string): Promise<unknown> =>
      broker.askNameServer(
        RequestCode.REGISTER_TOPIC_IN_NAMESRV,
        { topic },
        { queueDatas: [{ ...queue, brokerName }] },
      );
    await put('Told', 'broker-a');
    await put('Lost', 'broker-x');
    const route = await routeOf('Told');
    assert.ok(typeof route !== 'number');
    assert.deepEqual(route.queues, [{ ...queue, brokerName: 'broker-a' }]);
    assert.equal(await routeOf('Lost'), ResponseCode.TOPIC_NOT_EXIST);
    const units = await broker.askNameServer(RequestCode.GET_UNIT_TOPIC_LIST);
    assert.deepEqual(decodeTopicList(units.body).topics, ['Told']);
  });

  it('refuses its lists where they are off', async () => {
    await start({ enableTopicList: false, enableAllTopicList: false });
    for (const code of [224, 311, 312, 313, 206]) {
      const answer = await broker.askNameServer(code, { cluster: 'DefaultCluster' });
      assert.deepEqual([answer.code, answer.remark], [ResponseCode.SYSTEM_ERROR, 'disable'], String(code));
    }
  });

  it('gives no routes for a while after its start, where it is told to wait', async () => {
    await start({ needWaitForService: true, waitSecondsForService: 45 });
    const early = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' });
    assert.deepEqual([early.code, early.remark], [ResponseCode.SYSTEM_ERROR, 'name server not ready']);
    broker.clock.advance(45_000);
    assert.notEqual(await routeOf('TBW102'), ResponseCode.SYSTEM_ERROR);
  });

  it('passes zones on, and gives who asks for it the brokers of one zone', async () => {
    await start();
    await register(
      { __ZONE_NAME: 'north' },
      { topicConfigSerializeWrapper: { topicConfigTable: { TBW102: {}, X: {} } } },
    );
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'X' });
    assert.match(answer.body.toString(), /"enableActingMaster":false,"zoneName":"north"\}/);
    const inNorth = await routeOf('TBW102', { __ZONE_MODE: 'true', __ZONE_NAME: 'NORTH' });
    assert.ok(typeof inNorth !== 'number');
    assert.deepEqual(
      [inNorth.brokers, inNorth.queues].map((list) => list.map((item) => item.brokerName)),
      [['broker-z'], ['broker-z']],
    );
    const everywhere = await routeOf('TBW102');
    assert.equal(typeof everywhere === 'number' ? everywhere : everywhere.brokers.length, 2);
  });

  it('passes on how the queues of a static topic lie, from a plain and from a deflated registration', async () => {
    await start();
    const mapping = { bname: 'broker-z', currIdMap: { '0': 0 }, epoch: 1, topic: 'S', totalQueues: 1 };
    await register(
      {},
      { topicConfigSerializeWrapper: { topicConfigTable: { S: {}, X: {} }, topicQueueMappingInfoMap: { S: mapping } } },
    );
    const bodyOf = async (topic: string): Promise<string> =>
      (await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic })).body.toString();
    const shown = JSON.stringify({ 'broker-z': mapping });
    assert.ok((await bodyOf('S')).includes(`"topicQueueMappingByBroker":${shown}`));
    assert.equal((await bodyOf('X')).includes('topicQueueMapping'), false);

    const part = (text: string): Buffer => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(Buffer.byteLength(text));
      return Buffer.concat([size, Buffer.from(text)]);
    };
    const one = Buffer.from([0, 0, 0, 1]);
    const version = part('{"counter":2,"stateVersion":0,"timestamp":1}');
    const other = { ...mapping, topic: 'D' };
    const whole = [version, one, part('D 1 1 6 SINGLE_TAG {}'), part('[]'), one, part(JSON.stringify(other))];
    await register({}, deflateSync(Buffer.concat(whole)));
    assert.ok((await bodyOf('D')).includes(`"topicQueueMappingByBroker":${JSON.stringify({ 'broker-z': other })}`));
  });

  it('tells every setting that Apache knows, and obeys a change at once', async () => {
    await start();
    const settings = async (): Promise<Map<string, string>> =>
      parseProperties((await broker.askNameServer(RequestCode.GET_NAMESRV_CONFIG)).body.toString());
    const golden = parseProperties(goldenExchange('namesrv_config').response?.bodyUtf8 ?? '');
    const told = await settings();
    assert.deepEqual(
      [...golden.keys()].filter((key) => !told.has(key)),
      [],
    );
    assert.equal(told.get('orderMessageEnable'), 'false');
    const change = (text: string): Promise<{ code: number; remark: string | undefined }> =>
      broker.askNameServer(RequestCode.UPDATE_NAMESRV_CONFIG, {}, Buffer.from(text));
    await broker.askNameServer(RequestCode.PUT_KV_CONFIG, {
      namespace: 'ORDER_TOPIC_CONFIG',
      key: 'TBW102',
      value: 'broker-a:4',
    });
    assert.equal((await change('orderMessageEnable=true\nnoSuchKey=1\n')).code, 0);
    const route = await routeOf('TBW102');
    assert.equal(typeof route === 'number' ? route : route.orderTopicConf, 'broker-a:4');
    assert.equal((await settings()).get('orderMessageEnable'), 'true');
    const forbidden = await change('orderMessageEnable=false\nkvConfigPath=elsewhere\n');
    assert.deepEqual(
      [forbidden.code, forbidden.remark],
      [ResponseCode.NO_PERMISSION, 'Can not update config in black list.'],
    );
    assert.equal((await settings()).get('orderMessageEnable'), 'true');
    const wrong = await change('orderMessageEnable=perhaps');
    assert.deepEqual(
      [wrong.code, wrong.remark],
      [ResponseCode.INVALID_PARAMETER, 'orderMessageEnable=perhaps: expected true or false'],
    );
  });
});
