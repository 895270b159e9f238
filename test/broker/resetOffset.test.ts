import assert from 'node:assert/strict';
import { mapAt, readBody } from '../../src/protocol/bodies/read.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, consumerBeat, pullRequest } from './testBroker.ts';

describe('broker: offsets that tools change', () => {
  let broker: TestBroker;
  let sentMs = 0;

  beforeEach(() => start());
  afterEach(() => broker.stop());

  async function start(useServerSideResetOffset = true): Promise<void> {
    broker = await TestBroker.start({ broker: { useServerSideResetOffset } });
    await broker.createTopic('T', 2);
    broker.context.groups.find('G');
    sentMs = broker.clock.now();
    for (const queueId of [0, 1]) {
      for (const body of ['a', 'b', 'c']) {
        await broker.send('T', body, { queueId });
        broker.clock.advance(1000);
      }
    }
  }

  const reset = (more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, {
      topic: 'T',
      group: 'G',
      timestamp: String(sentMs + 1000),
      isForce: 'true',
      ...more,
    });

  /** Offsets by queue. */
  const table = (body: Buffer): Record<string, unknown> =>
    Object.fromEntries(
      [...mapAt(readBody(body), 'offsetTable')].map(([key, offset]) => [(key as { queueId: number }).queueId, offset]),
    );

  const commit = (offset: number): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UPDATE_CONSUMER_OFFSET, {
      consumerGroup: 'G',
      topic: 'T',
      queueId: '0',
      commitOffset: String(offset),
    });

  const query = async (group = 'G', queueId = 0): Promise<string | undefined> => {
    const fields = { consumerGroup: group, topic: 'T', queueId: String(queueId), setZeroIfNotFound: 'false' };
    return (await broker.ask(RequestCode.QUERY_CONSUMER_OFFSET, fields)).extFields['offset'];
  };

  const pull = (queueOffset: number, sysFlag: number = PullSysFlag.SUBSCRIPTION): Promise<RemotingCommand> =>
    broker.client.request(pullRequest({ topic: 'T', group: 'G', queueOffset, sysFlag }), TIMEOUT_MS);

  describe('reset by the broker', () => {
    it('sends the next pull there, once, and commits nothing before it', async () => {
      await commit(3);
      const answer = await reset();
      assert.deepEqual([answer.code, table(answer.body)], [ResponseCode.SUCCESS, { 0: 1, 1: 0 }]);
      assert.equal(await query(), '1');
      const late = await commit(3);
      assert.deepEqual([late.code, late.remark], [0, 'Offset has been previously reset']);
      assert.equal(await query(), '1');
      const moved = await pull(3);
      assert.deepEqual([moved.code, moved.remark], [ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_RESET']);
      assert.deepEqual(moved.extFields, {
        suggestWhichBrokerId: '0',
        nextBeginOffset: '1',
        minOffset: '0',
        maxOffset: '3',
        topicSysFlag: '0',
        groupSysFlag: '0',
      });
      assert.equal((await pull(1)).code, ResponseCode.SUCCESS);
      await commit(2);
      assert.equal(await query(), '2');
      assert.equal(await query('G', 1), '0', 'the other queue was not pulled from');
    });

    it('is not undone by the pull that is told of it', async () => {
      await reset();
      const header = { commitOffset: '3' };
      const sysFlag = PullSysFlag.SUBSCRIPTION | PullSysFlag.COMMIT_OFFSET;
      const late = pullRequest({ topic: 'T', group: 'G', queueOffset: 3, sysFlag, header });
      assert.equal((await broker.client.request(late, TIMEOUT_MS)).remark, 'OFFSET_RESET');
      assert.equal(await query(), '1');
    });

    it('wakes a pull that is held', async () => {
      const held = pull(3, PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND);
      await waitFor('the pull to be held', () => broker.context.heldPulls.size === 1, { pollMs: 2 });
      await reset();
      const answer = await held;
      assert.deepEqual([answer.remark, answer.extFields['nextBeginOffset']], ['OFFSET_RESET', '1']);
    });

    it('takes the end for a negative time, and one queue, and an offset in it', async () => {
      assert.deepEqual(table((await reset({ timestamp: '-1' })).body), { 0: 3, 1: 3 });
      assert.deepEqual(table((await reset({ queueId: '1' })).body), { 1: 0 });
      assert.deepEqual(table((await reset({ queueId: '1', offset: '2' })).body), { 1: 2 });
      assert.deepEqual(table((await reset({ queueId: '1', offset: '4' })).body), { 1: 4 });
      const beyond = await reset({ queueId: '1', offset: '5' });
      assert.deepEqual([beyond.code, beyond.remark], [1, 'Target offset 5 not in consume queue range [0-3]']);
    });

    it('answers 17 and 26 for a topic and a group that are not there', async () => {
      const topic = await reset({ topic: 'Nope' });
      assert.deepEqual([topic.code, topic.remark], [ResponseCode.TOPIC_NOT_EXIST, 'Topic Nope does not exist']);
      const group = await reset({ group: 'Nope' });
      assert.deepEqual([group.code, group.remark], [26, 'Group Nope does not exist']);
    });

    it('is forgotten with the offsets of the group', async () => {
      await reset();
      await broker.ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'G', cleanOffset: 'true' });
      assert.equal((await pull(0)).code, ResponseCode.SUCCESS);
    });
  });

  describe('reset by the clients (useServerSideResetOffset=false)', () => {
    beforeEach(async () => {
      await broker.stop();
      await start(false);
    });

    const online = async (language?: string): Promise<RemotingCommand[]> => {
      const pushed: RemotingCommand[] = [];
      const member = await broker.connect(({ command }) => {
        if (command.code === RequestCode.RESET_CONSUMER_CLIENT_OFFSET) pushed.push(command);
        return undefined;
      });
      await broker.heartbeat(member, consumerBeat(`c-${language ?? 'any'}`, 'G', { T: '*' }));
      for (const queueId of [0, 1]) broker.context.offsets.commit('G', 'T', queueId, 2);
      return pushed;
    };

    it('tells every member, and moves forward only by force', async () => {
      const [one, two] = [await online('a'), await online('b')];
      assert.deepEqual(table((await reset({ timestamp: '-1', isForce: 'false' })).body), { 0: 2, 1: 2 });
      assert.deepEqual(table((await reset({ timestamp: '-1' })).body), { 0: 3, 1: 3 });
      await waitFor('both to be told twice', () => one.length === 2 && two.length === 2, { pollMs: 2 });
      assert.deepEqual(table(one[1]!.body), { 0: 3, 1: 3 });
      assert.deepEqual([one[1]!.extFields['topic'], one[1]!.extFields['group']], ['T', 'G']);
      assert.equal(await query(), '2', 'the members commit');
    });

    it('writes a list when a C++ tool asks', async () => {
      const pushed = await online();
      const extFields = { topic: 'T', group: 'G', timestamp: String(sentMs), isForce: 'true' };
      await broker.client.request({ code: 222, language: 'CPP', extFields }, TIMEOUT_MS);
      await waitFor('the member to be told', () => pushed.length === 1, { pollMs: 2 });
      assert.deepEqual(parseFastjson(pushed[0]!.body.toString()), {
        offsetTable: [0, 1].map((queueId) => ({ brokerName: 'broker-a', offset: 0, queueId, topic: 'T' })),
      });
    });

    it('answers 1 for a group without offsets, and 206 when nobody is online', async () => {
      const unknown = await reset();
      assert.deepEqual([unknown.code, unknown.remark], [1, 'THe consumer group <G> not exist']);
      for (const queueId of [0, 1]) broker.context.offsets.commit('G', 'T', queueId, 2);
      const offline = await reset();
      assert.equal(offline.code, ResponseCode.CONSUMER_NOT_ONLINE);
      assert.match(
        offline.remark ?? '',
        /^Consumer not online, so can not reset offset, Group: G Topic: T Timestamp: /,
      );
    });
  });

  describe('clone', () => {
    const clone = (more: Record<string, string> = {}): Promise<RemotingCommand> =>
      broker.ask(RequestCode.CLONE_GROUP_OFFSET, { srcGroup: 'G', destGroup: 'Other', offline: 'true', ...more });

    it('gives a group the offsets of another, which then go their own ways', async () => {
      await commit(2);
      assert.equal((await clone({ topic: 'T' })).code, ResponseCode.SUCCESS);
      assert.equal(await query('Other'), '2');
      await commit(3);
      assert.equal(await query('Other'), '2');
    });

    it('means all topics when it names none, and none that is gone or that the group left', async () => {
      await commit(2);
      await clone();
      assert.equal(await query('Other'), '2');
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { Elsewhere: '*' }));
      await clone({ topic: 'T', destGroup: 'Third', offline: 'false' });
      assert.equal(await query('Third'), undefined);
      await clone({ topic: 'T', destGroup: 'Third' });
      assert.equal(await query('Third'), '2');
    });
  });

  it('finds where the slowest group is, and who is behind all others', async () => {
    for (const [group, offset] of [
      ['A', 1],
      ['B', 3],
      ['C', 2],
    ] as const) {
      broker.context.offsets.commit(group, 'T', 0, offset);
    }
    const ask = async (compareGroup: string, filterGroups?: string): Promise<string> => {
      const fields = { compareGroup, topic: 'T', ...(filterGroups === undefined ? {} : { filterGroups }) };
      return (await broker.ask(RequestCode.QUERY_CORRECTION_OFFSET, fields)).body.toString();
    };
    assert.equal(await ask('B'), '{"correctionOffsets":{0:1}}');
    assert.equal(await ask('B', 'A'), '{"correctionOffsets":{0:2}}');
    assert.equal(await ask('A', 'A'), '{"correctionOffsets":{0:9223372036854775807}}');
    assert.equal(broker.context.offsets.committed('A', 'T', 0), 1, 'who is left out keeps its offsets');
  });

  it('tells the times between which messages lie and are consumed', async () => {
    broker.context.offsets.commit('G', 'T', 0, 2);
    broker.context.offsets.commit('G', 'T', 1, 3);
    const answer = await broker.ask(RequestCode.QUERY_CONSUME_TIME_SPAN, { topic: 'T', group: 'G' });
    const { consumeTimeSpanSet: spans } = JSON.parse(answer.body.toString()) as {
      consumeTimeSpanSet: Record<string, unknown>[];
    };
    const times = spans.map(({ minTimeStamp, maxTimeStamp, consumeTimeStamp, delayTime }) => [
      ...[minTimeStamp, maxTimeStamp, consumeTimeStamp].map((time) => Number(time) - sentMs),
      delayTime,
    ]);
    assert.deepEqual(times, [
      [0, 2000, 1000, 4000],
      [3000, 5000, 5000, 0],
    ]);
    assert.match(String(spans[0]?.['minTimeStampStr']), /^\d{4}-\d\d-\d\d#\d\d:\d\d:\d\d:\d{3}$/);
    const missing = await broker.ask(RequestCode.QUERY_CONSUME_TIME_SPAN, { topic: 'Nope', group: 'G' });
    assert.deepEqual([missing.code, missing.remark], [17, 'topic[Nope] not exist']);
  });
});
