import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { VERSION } from '../../src/protocol/command.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker, ask, consumerBeat } from './testBroker.ts';

describe('broker: who is connected', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const members = async (group = 'G'): Promise<string[] | number> => {
    const answer = await broker.ask(RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: group });
    if (answer.code !== ResponseCode.SUCCESS) return answer.code;
    return (JSON.parse(answer.body.toString()) as { consumerIdList: string[] }).consumerIdList;
  };

  /** A client that keeps what the broker asks of it. */
  const listener = async (): Promise<{ connection: Connection; asked: RemotingCommand[] }> => {
    const asked: RemotingCommand[] = [];
    const connection = await broker.connect(({ command }) => {
      asked.push(command);
      return undefined;
    });
    return { connection, asked };
  };

  it('answers a heartbeat with its release, after it made the group and its retry topic and told the NameServer', async () => {
    const answer = await broker.heartbeat(broker.client, consumerBeat('c1', 'G', { T: '*' }));
    assert.equal(answer.code, ResponseCode.SUCCESS);
    assert.equal(answer.version, VERSION);
    assert.equal(answer.language, 'JAVA');
    assert.deepEqual(answer.extFields, { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: 'true' });
    const route = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: '%RETRY%G' });
    assert.deepEqual(decodeTopicRoute(route.body).queues, [
      { brokerName: 'broker-a', perm: 6, readQueueNums: 1, writeQueueNums: 1, topicSysFlag: 0 },
    ]);
    assert.deepEqual(await members(), ['c1']);
    assert.ok(broker.context.groups.has('G'));
  });

  it('tells every member when one comes, when one unregisters and when a connection ends', async () => {
    const [a, b, c] = [await listener(), await listener(), await listener()];
    const told = (count: number): Promise<unknown> =>
      waitFor(`${count} notices`, () => a.asked.length >= count, { pollMs: 2 });
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: '*' }));
    await told(1);
    await broker.heartbeat(b.connection, consumerBeat('b', 'G', { T: '*' }));
    await told(2);
    await broker.heartbeat(c.connection, consumerBeat('c', 'G', { T: '*' }));
    await told(3);
    assert.deepEqual(await members(), ['a', 'b', 'c']);
    await ask(b.connection, RequestCode.UNREGISTER_CLIENT, { clientID: 'b', consumerGroup: 'G' });
    await told(4);
    c.connection.dispose();
    await told(5);
    assert.deepEqual(await members(), ['a']);
    assert.deepEqual(
      [...new Set(a.asked.map(({ code, flag, extFields }) => `${code} ${flag} ${extFields['consumerGroup']}`))],
      ['40 2 G'],
    );
  });

  it('is silent to a group that asked for that, also when members leave', async () => {
    const [a, b] = [await listener(), await listener()];
    const group = { groupName: 'G', notifyConsumerIdsChangedEnable: false };
    await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group);
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: '*' }));
    await broker.heartbeat(b.connection, consumerBeat('b', 'G', { T: '*' }));
    await ask(b.connection, RequestCode.UNREGISTER_CLIENT, { clientID: 'b', consumerGroup: 'G' });
    await ask(a.connection, RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' });
    assert.deepEqual([await members(), a.asked.length], [['a'], 0]);
  });

  it('lists a client once, however many connections it has', async () => {
    for (const { connection } of [await listener(), await listener()]) {
      await broker.heartbeat(connection, consumerBeat('a', 'G', { T: '*' }));
    }
    assert.deepEqual(await members(), ['a']);
  });

  it('makes the retry topic ordered while a topic of the group is', async () => {
    await broker.createTopic('Ordered', 1, { order: 'true' });
    const isOrdered = (): boolean | undefined => broker.context.topics.get('%RETRY%G')?.order;
    await broker.heartbeat(broker.client, consumerBeat('a', 'G', { Ordered: '*' }));
    assert.equal(isOrdered(), true);
    await broker.heartbeat(broker.client, { ...consumerBeat('a', 'G', {}), heartbeatFingerprint: 1, withoutSub: true });
    assert.equal(isOrdered(), true);
    await broker.heartbeat(broker.client, consumerBeat('a', 'G', { T: '*' }));
    assert.equal(isOrdered(), false);
  });

  it('is silent while nothing changes, and for groups that broadcast', async () => {
    const a = await listener();
    const broadcasting = consumerBeat('a', 'B', { T: '*' }, { messageModel: 'BROADCASTING' });
    await broker.heartbeat(a.connection, broadcasting);
    await broker.heartbeat(a.connection, broadcasting);
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: '*' }));
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: '*' }));
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: 'A' }, { subVersion: 2 }));
    // Answered in order, so whatever was told stands before this answer.
    await ask(a.connection, RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' });
    assert.equal(a.asked.length, 1);
    await broker.heartbeat(a.connection, consumerBeat('a', 'G', { T: 'A', U: '*' }, { subVersion: 2 }));
    await ask(a.connection, RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' });
    assert.equal(a.asked.length, 2);
  });

  it('drops topics that a heartbeat no longer lists', async () => {
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*', U: '*' }));
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { U: '*' }));
    assert.deepEqual([...(broker.context.consumers.get('G')?.subscriptions.keys() ?? [])], ['U', '%RETRY%G']);
  });

  it('keeps subscriptions on a short heartbeat of the second form, and asks for them where it has none', async () => {
    const first = { ...consumerBeat('c', 'G', { T: '*' }), heartbeatFingerprint: 77 };
    const short = { ...consumerBeat('c', 'G', {}), heartbeatFingerprint: 77, withoutSub: true };
    assert.equal((await broker.heartbeat(broker.client, first)).extFields['IS_SUB_CHANGE'], 'false');
    assert.equal((await broker.heartbeat(broker.client, short)).extFields['IS_SUB_CHANGE'], 'false');
    assert.ok(broker.context.consumers.get('G')?.subscriptions.has('T'));
    const unknown = { ...consumerBeat('c', 'Lost', {}), heartbeatFingerprint: 78, withoutSub: true };
    assert.equal((await broker.heartbeat(broker.client, unknown)).extFields['IS_SUB_CHANGE'], 'true');
    const changed = { ...first, heartbeatFingerprint: 79 };
    assert.equal((await broker.heartbeat(broker.client, changed)).extFields['IS_SUB_CHANGE'], 'true');
  });

  it('reads heartbeats of the C++ client: ordinals, absent lists', async () => {
    const beat = {
      clientID: 'cpp',
      consumerDataSet: [
        { groupName: 'G', consumeType: 1, messageModel: 1, consumeFromWhere: 4, subscriptionDataSet: [] },
      ],
    };
    assert.equal((await broker.heartbeat(broker.client, beat)).code, ResponseCode.SUCCESS);
    const group = broker.context.consumers.get('G');
    assert.deepEqual(
      [group?.consumeType, group?.messageModel, group?.consumeFromWhere],
      ['CONSUME_PASSIVELY', 'CLUSTERING', 'CONSUME_FROM_FIRST_OFFSET'],
    );
    assert.equal(
      (await broker.heartbeat(broker.client, { clientID: 'p', producerDataSet: [{ groupName: 'P' }] })).code,
      0,
    );
  });

  it('answers 1 and 206 for a group without members', async () => {
    assert.equal(await members('Nobody'), ResponseCode.SYSTEM_ERROR);
    const answer = await broker.ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'Nobody' });
    assert.deepEqual([answer.code, answer.remark], [206, 'the consumer group[Nobody] not online']);
  });

  it('lists consumers and producers with their addresses and releases', async () => {
    await broker.heartbeat(broker.client, consumerBeat('c1', 'G', { T: 'TagA' }));
    const consumers = JSON.parse(
      (await broker.ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'G' })).body.toString(),
    ) as Record<string, unknown> & {
      connectionSet: Record<string, unknown>[];
      subscriptionTable: Record<string, unknown>;
    };
    assert.deepEqual(Object.keys(consumers.connectionSet[0] ?? {}).sort(), [
      'clientAddr',
      'clientId',
      'language',
      'version',
    ]);
    assert.match(String(consumers.connectionSet[0]?.['clientAddr']), /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(Object.keys(consumers.subscriptionTable), ['T', '%RETRY%G'].sort());
    assert.equal(consumers['messageModel'], 'CLUSTERING');
    const producers = await broker.ask(RequestCode.GET_PRODUCER_CONNECTION_LIST, {
      producerGroup: 'CLIENT_INNER_PRODUCER',
    });
    assert.equal((JSON.parse(producers.body.toString()) as { connectionSet: unknown[] }).connectionSet.length, 1);
  });

  it('forgets a client without heartbeats for two minutes', async () => {
    const silent = await broker.connect();
    await broker.heartbeat(silent, consumerBeat('silent', 'G', { T: '*' }));
    const closed = new Promise((resolve) => silent.onClose(resolve));
    await broker.clock.advanceAsync(110_000);
    assert.deepEqual(await members(), ['silent']);
    await broker.clock.advanceAsync(20_000);
    await closed;
    assert.equal(broker.context.consumers.get('G'), undefined);
  });
});
