import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { decodeGroupTable } from '../../src/protocol/bodies/group.ts';
import { decodeKvTable, decodeTopicList, decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { decodeTopicStats, decodeTopicTable } from '../../src/protocol/bodies/topic.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import { decodeMessage } from '../../src/protocol/message.ts';
import { parseProperties } from '../../src/base/properties.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { TestBroker, consumerBeat } from './testBroker.ts';

describe('broker: topics', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const config = async (topic: string): Promise<unknown> =>
    JSON.parse((await broker.ask(RequestCode.GET_TOPIC_CONFIG, { topic })).body.toString());
  const route = async (topic: string) => {
    const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic });
    return answer.code === ResponseCode.SUCCESS ? decodeTopicRoute(answer.body).queues[0] : answer.code;
  };

  it('has the topics that every broker has', () => {
    const perms = [...broker.context.topics.table().topics.values()].map(
      ({ topicName, readQueueNums, perm }) => `${topicName} ${readQueueNums} ${perm}`,
    );
    assert.deepEqual(perms.sort(), [
      'BenchmarkTest 1024 6',
      'DefaultCluster 16 7',
      'DefaultCluster_REPLY_TOPIC 1 6',
      'OFFSET_MOVED_EVENT 1 6',
      'RMQ_SYS_TRACE_TOPIC 1 6',
      'RMQ_SYS_TRANS_HALF_TOPIC 1 6',
      'RMQ_SYS_TRANS_OP_HALF_TOPIC 1 6',
      'SCHEDULE_TOPIC_XXXX 18 6',
      'SELF_TEST_TOPIC 1 6',
      'TBW102 8 7',
      'broker-a 1 7',
      'rmq_sys_REVIVE_LOG_DefaultCluster 8 6',
      'rmq_sys_SYNC_BROKER_MEMBER_broker-a 1 1',
      'rmq_sys_wheel_timer 1 6',
    ]);
  });

  it('creates and updates, and the NameServer knows when it is answered', async () => {
    assert.equal((await broker.createTopic('T', 3, { attributes: '+message.type=FIFO' })).code, ResponseCode.SUCCESS);
    assert.deepEqual(await config('T'), {
      attributes: { 'message.type': 'FIFO' },
      order: false,
      perm: 6,
      readQueueNums: 3,
      topicFilterType: 'SINGLE_TAG',
      topicName: 'T',
      topicSysFlag: 0,
      writeQueueNums: 3,
    });
    await broker.createTopic('T', 5, { perm: '4', attributes: '-message.type' });
    assert.deepEqual(await route('T'), {
      brokerName: 'broker-a',
      perm: 4,
      readQueueNums: 5,
      writeQueueNums: 5,
      topicSysFlag: 0,
    });
    assert.deepEqual(broker.context.topics.get('T')?.attributes, {});
    const { counter } = broker.context.topics.table().dataVersion ?? {};
    await broker.createTopic('T', 5, { perm: '4' });
    assert.equal(broker.context.topics.table().dataVersion?.counter, counter, 'no change, no new version');
  });

  const refusals: readonly [string, string, Record<string, string>, number, RegExp][] = [
    ['an illegal name', 'bad topic!', {}, 29, /^The specified topic: bad topic!, contains illegal characters/],
    ['a system topic', 'TBW102', {}, 29, /^The topic\[TBW102\] is conflict with system topic\.$/],
    ['the name of the cluster', 'DefaultCluster', {}, 29, /is conflict with system topic/],
    ['an unknown attribute', 'T', { attributes: '+colour=blue' }, 1, /^unsupported key: colour$/],
    [
      'an unknown message type',
      'T',
      { attributes: '+message.type=LOUD' },
      1,
      /^value is not in set: \[UNSPECIFIED, NORMAL, FIFO, DELAY, TRANSACTION, PRIORITY, LITE, MIXED\]$/,
    ],
    [
      'attributes without a sign',
      'T',
      { attributes: 'message.type=FIFO' },
      1,
      /^add\/alter attribute format is wrong: message.type$/,
    ],
  ];
  for (const [what, topic, more, code, remark] of refusals) {
    it(`refuses ${what} with ${code}`, async () => {
      const answer = await broker.createTopic(topic, 4, more);
      assert.equal(answer.code, code);
      assert.match(answer.remark ?? '', remark);
    });
  }

  it('refuses more queues than anybody can use with 29', async () => {
    const answer = await broker.createTopic('T', 2_000_000_000);
    assert.equal(answer.code, ResponseCode.INVALID_PARAMETER);
    assert.match(answer.remark ?? '', /may be at most 65536, not 2000000000 and 2000000000$/);
    assert.equal(broker.context.topics.get('T'), undefined);
    assert.equal((await broker.createTopic('T', 65_536)).code, ResponseCode.SUCCESS);
    const group = { groupName: 'G', retryQueueNums: 65_537 };
    const refused = await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group);
    assert.equal(refused.code, ResponseCode.INVALID_PARAMETER);
    assert.equal(broker.context.groups.has('G'), false);
  });

  it('deletes settings, messages and offsets', async () => {
    await broker.createTopic('T');
    await broker.send('T', 'gone');
    broker.context.offsets.commit('G', 'T', 0, 1);
    assert.equal((await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' })).code, ResponseCode.SUCCESS);
    await broker.askNameServer(RequestCode.DELETE_TOPIC_IN_NAMESRV, { topic: 'T' });
    assert.equal(await route('T'), ResponseCode.TOPIC_NOT_EXIST);
    assert.equal((await broker.ask(RequestCode.GET_TOPIC_CONFIG, { topic: 'T' })).code, ResponseCode.TOPIC_NOT_EXIST);
    await broker.createTopic('T');
    assert.deepEqual(await broker.read('T'), []);
    assert.equal(broker.context.offsets.committed('G', 'T', 0), undefined);
    assert.equal((await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'TBW102' })).code, 29);
  });

  it('keeps topics over a restart', async () => {
    const directory = makeTempDir('topics');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await broker.createTopic('T', 3);
    const version = broker.context.topics.table().dataVersion;
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    assert.equal(broker.context.topics.get('T')?.readQueueNums, 3);
    assert.deepEqual(broker.context.topics.table().dataVersion, version);
    await broker.stop();
    directory.remove();
  });

  it('tells offsets and times of each queue', async () => {
    await broker.createTopic('T', 2);
    await broker.send('T', 'a', { queueId: 1 });
    const stats = await broker.ask(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'T' });
    assert.match(stats.body.toString(), /\{"brokerName":"broker-a","queueId":0,"topic":"T"\}:\{/);
    assert.deepEqual(decodeTopicStats(stats.body), [
      { topic: 'T', brokerName: 'broker-a', queueId: 0, minOffset: 0, maxOffset: 0, lastUpdateTimestamp: 0 },
      {
        topic: 'T',
        brokerName: 'broker-a',
        queueId: 1,
        minOffset: 0,
        maxOffset: 1,
        lastUpdateTimestamp: broker.clock.now(),
      },
    ]);
    const none = await broker.ask(RequestCode.GET_TOPIC_STATS_INFO, { topic: 'Nope' });
    assert.deepEqual([none.code, none.remark], [17, 'topic[Nope] not exist']);
  });

  it('lists all topics and the system ones', async () => {
    await broker.createTopic('T');
    const all = await broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG);
    const table = decodeTopicTable(all.body);
    assert.equal(all.extFields['totalTopicNum'], String(table.topics.size));
    assert.ok(table.topics.has('T'));
    const system = decodeTopicList((await broker.ask(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER)).body);
    assert.ok(system.topics.includes('SCHEDULE_TOPIC_XXXX'));
    assert.equal(system.topics.includes('T'), false);
  });
});

describe('broker: what tools ask', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  it('keeps groups: create, list, one, delete', async () => {
    await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: 'G', retryMaxTimes: 3 });
    const all = await broker.ask(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG);
    const { groups } = decodeGroupTable(all.body);
    assert.equal(groups.get('G')?.retryMaxTimes, 3);
    assert.equal(groups.get('G')?.consumeEnable, true);
    assert.ok(groups.has('TOOLS_CONSUMER'));
    assert.equal(all.extFields['totalGroupNum'], String(groups.size));
    const one = await broker.ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'G' });
    assert.equal((JSON.parse(one.body.toString()) as { retryMaxTimes: number }).retryMaxTimes, 3);
    await broker.createTopic('T');
    broker.context.offsets.commit('G', 'T', 0, 1);
    await broker.ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'G', cleanOffset: 'true' });
    assert.equal(broker.context.groups.has('G'), false);
    assert.equal(broker.context.offsets.committed('G', 'T', 0), undefined);
  });

  it('makes no group where auto-creation is off', async () => {
    await broker.stop();
    broker = await TestBroker.start({ broker: { autoCreateSubscriptionGroup: false } });
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }));
    assert.equal(broker.context.groups.has('G'), false);
    assert.equal(broker.context.consumers.get('G'), undefined);
  });

  it('tells how far a group is where it has offsets, without topics that are gone', async () => {
    await broker.createTopic('T', 1);
    await broker.createTopic('Gone', 1);
    await broker.createTopic('Left', 1);
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*', Gone: '*' }));
    for (const body of ['a', 'b', 'c']) await broker.send('T', body);
    broker.context.offsets.commit('G', 'Left', 0, 0);
    broker.context.offsets.commit('G', 'Gone', 0, 0);
    broker.context.offsets.commit('G', '%RETRY%G', 0, 0);
    broker.context.offsets.commit('G', 'T', 0, 2);
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Gone' });
    const answer = await broker.ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'G' });
    const rows = (body: Buffer): Record<string, unknown> => {
      const json = parseFastjson(body.toString()) as { offsetTable: Map<{ topic: string }, unknown> };
      return Object.fromEntries([...json.offsetTable].map(([key, value]) => [key.topic, value]));
    };
    assert.deepEqual(rows(answer.body), {
      T: { brokerOffset: 3, consumerOffset: 2, pullOffset: 2, lastTimestamp: broker.clock.now() },
      '%RETRY%G': { brokerOffset: 0, consumerOffset: 0, pullOffset: 0, lastTimestamp: 0 },
    });
    const listed = await broker.ask(RequestCode.GET_CONSUME_STATS, { consumerGroup: 'G', topicList: 'Left;Gone' });
    assert.deepEqual(Object.keys(rows(listed.body)), ['Left'], 'what is listed needs no subscription');
    const who = await broker.ask(RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, { topic: 'T' });
    assert.deepEqual(JSON.parse(who.body.toString()), { groupList: ['G'] });
  });

  it('gives the record at a commit-log offset, or says that none begins there', async () => {
    await broker.createTopic('T');
    await broker.send('T', 'a');
    await broker.send('T', 'b');
    const second = (await broker.read('T'))[1];
    const found = await broker.ask(RequestCode.VIEW_MESSAGE_BY_ID, { offset: String(second?.physicalOffset) });
    assert.equal(decodeMessage(found.body).body.toString(), 'b');
    for (const offset of ['1', '99999999']) {
      const missing = await broker.ask(RequestCode.VIEW_MESSAGE_BY_ID, { offset });
      assert.deepEqual([missing.code, missing.remark], [1, `can not find message by the offset, ${offset}`]);
    }
  });

  it('tells its state under the keys that dashboards read', async () => {
    await broker.createTopic('T');
    await broker.send('T', 'a');
    broker.clock.advance(10_000);
    const table = decodeKvTable((await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO)).body);
    assert.equal(table.get('brokerVersionDesc'), 'V5_3_3');
    assert.equal(table.get('brokerActive'), 'true');
    assert.equal(table.get('msgPutTotalTodayNow'), '1');
    assert.equal(table.get('putTps'), '0.1 0.1 0.1');
    assert.equal(table.get('runtime'), '[ 0 days, 0 hours, 0 minutes, 10 seconds ]');
    for (const key of ['getTotalTps', 'getTransferredTps', 'getTransferedTps', 'getFoundTps', 'getMissTps']) {
      assert.match(table.get(key) ?? '', /^\S+ \S+ \S+$/, key);
    }
    assert.ok(Number(table.get('commitLogDiskRatio')) >= -1);
    assert.equal(table.get('commitLogMaxOffset'), String(broker.context.store.maxPhysicalOffset));
  });

  it('tells its settings', async () => {
    const answer = await broker.ask(RequestCode.GET_BROKER_CONFIG);
    const settings = parseProperties(answer.body.toString());
    assert.equal(settings.get('brokerName'), 'broker-a');
    assert.equal(settings.get('brokerPermission'), '6');
    assert.equal(`127.0.0.1:${settings.get('listenPort')}`, broker.runtime.broker.address);
    assert.match(answer.extFields['version'] ?? '', /^\{"counter":0,/);
  });

  it('answers codes that it does not serve with 3 at once', async () => {
    for (const code of [330, 200070, 9999]) {
      const answer = await broker.ask(code);
      assert.deepEqual([answer.code, answer.remark], [3, ` request type ${code} not supported`]);
      assert.deepEqual((await broker.askNameServer(code)).code, 3);
    }
  });
});
