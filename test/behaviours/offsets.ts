import assert from 'node:assert/strict';

import { mapAt, readBody } from '../../src/protocol/bodies/read.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { TIMEOUT_MS, ask, connect, consumerBeat, pullRequest, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';

export function offsetBehaviours(cluster: TestCluster): void {
  let connection: Connection;
  let topic = '';
  let group = '';

  before(async () => {
    connection = await connect(cluster.brokerAddress);
    topic = await cluster.newTopic({ readQueueNums: 2, writeQueueNums: 2 });
    for (const body of ['a', 'b', 'c']) await connection.request(sendRequest(topic, body), TIMEOUT_MS);
    await cluster.untilReadable(topic, 3);
  });
  beforeEach(async () => {
    group = uniqueName('OffsetGroup');
    await ask(connection, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: group });
  });
  after(() => connection.dispose());

  const query = async (of = group, queueId = 0, more: Record<string, string> = {}): Promise<unknown[]> => {
    const fields = { consumerGroup: of, topic, queueId: String(queueId), ...more };
    const { code, remark, extFields } = await ask(connection, RequestCode.QUERY_CONSUMER_OFFSET, fields);
    return code === ResponseCode.SUCCESS ? [code, extFields['offset']] : [code, remark];
  };

  const commit = async (offset: number, more: Record<string, string> = {}): Promise<unknown[]> => {
    const fields = { consumerGroup: group, topic, queueId: '0', commitOffset: String(offset), ...more };
    const { code, remark } = await ask(connection, RequestCode.UPDATE_CONSUMER_OFFSET, fields);
    return remark === undefined ? [code] : [code, remark];
  };

  const reset = (more: Record<string, string> = {}): Promise<RemotingCommand> =>
    ask(connection, RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, {
      topic,
      group,
      timestamp: '0',
      isForce: 'true',
      ...more,
    });

  const pull = async (queueOffset: number, queueId = 0): Promise<unknown[]> => {
    const request = pullRequest({ topic, group, queueOffset, queueId });
    const { code, remark, extFields } = await connection.request(request, TIMEOUT_MS);
    return [code, remark, ...['nextBeginOffset', 'minOffset', 'maxOffset'].map((name) => Number(extFields[name]))];
  };

  it('are 0 for a new group on a young queue, and nothing on an empty one', async () => {
    const none = [22, 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first'];
    assert.deepEqual(await query(), [0, '0']);
    assert.deepEqual(await query(group, 1), none);
    const untold = [22, 'Not found, do not set to zero, maybe this group boot first'];
    assert.deepEqual(await query(group, 0, { setZeroIfNotFound: 'false' }), untold);
  });

  it('are kept as committed, also when they go back or nowhere', async () => {
    for (const offset of [2, 1, 999]) {
      assert.deepEqual(await commit(offset), [0]);
      assert.deepEqual(await query(), [0, String(offset)]);
    }
    assert.deepEqual(await commit(1, { consumerGroup: 'NobodyOfThis' }), [26, 'Group NobodyOfThis not exist!']);
    assert.deepEqual(await commit(1, { topic: 'NobodyMadeThis' }), [17, 'Topic NobodyMadeThis not exist!']);
  });

  it('pull: every place in a queue has its answer', async () => {
    assert.deepEqual(await pull(0), [0, 'FOUND', 3, 0, 3]);
    assert.deepEqual(await pull(3), [19, 'OFFSET_OVERFLOW_ONE', 3, 0, 3]);
    assert.deepEqual(await pull(4), [21, 'OFFSET_OVERFLOW_BADLY', 3, 0, 3]);
    assert.deepEqual(await pull(-1), [21, 'OFFSET_TOO_SMALL', 0, 0, 3]);
    assert.deepEqual(await pull(0, 1), [19, 'NO_MESSAGE_IN_QUEUE', 0, 0, 0]);
    assert.deepEqual(await pull(5, 1), [21, 'NO_MESSAGE_IN_QUEUE', 0, 0, 0]);
    assert.equal((await pull(0, 2))[0], ResponseCode.INVALID_PARAMETER);
  });

  it('are reset by the broker: the next pull is told once, and nothing is committed before it', async () => {
    await commit(3);
    const offsets = mapAt(readBody((await reset()).body), 'offsetTable');
    const found = [...offsets].map(([key, offset]) => [(key as { queueId: number }).queueId, offset]);
    assert.deepEqual(Object.fromEntries(found), { 0: 0, 1: 0 });
    assert.deepEqual(await query(), [0, '0']);
    assert.deepEqual(await commit(3), [0, 'Offset has been previously reset']);
    assert.deepEqual(await pull(3), [21, 'OFFSET_RESET', 0, 0, 3]);
    assert.deepEqual(await pull(0), [0, 'FOUND', 3, 0, 3]);
    assert.deepEqual(await commit(3), [0]);
    assert.deepEqual(await query(), [0, '3']);
  });

  it('are reset to the end, in one queue, to a place; or it is said why not', async () => {
    const answer = async (more: Record<string, string>): Promise<unknown[]> => {
      const { code, remark, body } = await reset(more);
      return code === ResponseCode.SUCCESS ? [...mapAt(readBody(body), 'offsetTable').values()] : [code, remark];
    };
    assert.deepEqual(await answer({ timestamp: '-1', queueId: '0' }), [3]);
    assert.deepEqual(await answer({ timestamp: '-1', queueId: '0', offset: '1' }), [1]);
    assert.deepEqual(await answer({ queueId: '0', offset: '9' }), [
      1,
      'Target offset 9 not in consume queue range [0-3]',
    ]);
    assert.deepEqual(await answer({ topic: 'NobodyMadeThis' }), [17, 'Topic NobodyMadeThis does not exist']);
    assert.deepEqual(await answer({ group: 'NobodyOfThis' }), [26, 'Group NobodyOfThis does not exist']);
  });

  it('are cloned, compared, listed, and deleted with their group', async () => {
    await commit(2);
    const clone = { srcGroup: group, destGroup: `${group}-clone`, topic, offline: 'true' };
    assert.equal((await ask(connection, RequestCode.CLONE_GROUP_OFFSET, clone)).code, 0);
    assert.deepEqual(await query(`${group}-clone`), [0, '2']);

    const own = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    for (const [of, offset] of [
      [group, 4],
      [`${group}-other`, 1],
    ] as const) {
      await ask(connection, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: of });
      await commit(offset, { consumerGroup: of, topic: own });
    }
    const compared = await ask(connection, RequestCode.QUERY_CORRECTION_OFFSET, { compareGroup: group, topic: own });
    assert.deepEqual(parseFastjson(compared.body.toString()), { correctionOffsets: { 0: 1 } });
    const listed = async (code: number, fields: Record<string, string>, name: string): Promise<string[]> =>
      (JSON.parse((await ask(connection, code, fields)).body.toString()) as Record<string, string[]>)[name]!.sort();
    assert.deepEqual(await listed(RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, { topic: own }, 'groupList'), [
      group,
      `${group}-other`,
    ]);
    assert.deepEqual(await listed(RequestCode.QUERY_TOPICS_BY_CONSUMER, { group }, 'topicList'), [topic, own].sort());

    await ask(connection, RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: group, cleanOffset: 'true' });
    assert.deepEqual(await listed(RequestCode.QUERY_TOPICS_BY_CONSUMER, { group }, 'topicList'), []);
  });

  it('are told with the lag, of topics that the group subscribes to while it is online', async () => {
    await commit(2);
    const rows = async (more: Record<string, string> = {}): Promise<unknown[]> => {
      const { body } = await ask(connection, RequestCode.GET_CONSUME_STATS, { consumerGroup: group, ...more });
      return [...mapAt(readBody(body), 'offsetTable')]
        .map(([key, value]) => {
          const { queueId } = key as { queueId: number };
          const { brokerOffset, consumerOffset, pullOffset } = value as Record<string, number>;
          return [queueId, brokerOffset, consumerOffset, pullOffset];
        })
        .sort(([a], [b]) => Number(a) - Number(b));
    };
    const all = [
      [0, 3, 2, 2],
      [1, 0, 0, 0],
    ];
    assert.deepEqual(await rows(), all);
    assert.deepEqual(await rows({ topic }), all);
    await ask(connection, RequestCode.HEART_BEAT, {}, consumerBeat('lag', group, { TBW102: '*' }));
    assert.deepEqual(await rows(), []);
    assert.deepEqual(await rows({ topic }), []);
    assert.deepEqual(await rows({ topicList: `${topic};NobodyMadeThis` }), all);
    await ask(connection, RequestCode.UNREGISTER_CLIENT, { clientID: 'lag', consumerGroup: group });
  });
}
