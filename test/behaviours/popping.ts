import assert from 'node:assert/strict';

import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import { popRetryTopic } from '../../src/protocol/popReceipt.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { TIMEOUT_MS, ask, connect, consumerBeat, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { ackRequest, changeRequest, changedMessage, popRequest, poppedMessages } from '../support/popClient.ts';
import type { PopParts, PoppedMessage } from '../support/popClient.ts';
import { waitFor } from '../support/waitFor.ts';

/** Apache's broker looks for what was not acknowledged every few seconds. */
const PLENTY_MS = 40_000;
const POLL_MS = 30_000;
/** A pop that does not wait is refused when it was made half a second ago, by the client's clock. */
const IN_TIME_MS = 60_000;

const bornTime = (pollTime = '0'): number => Date.now() + (pollTime === '0' ? IN_TIME_MS : 0);

type Parts = Partial<PopParts> & { readonly connection?: Connection };

export function popBehaviours(cluster: TestCluster): void {
  let client: Connection;
  let topic = '';
  let group = '';

  beforeEach(async () => {
    client = await connect(cluster.brokerAddress);
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    group = uniqueName('PopGroup');
  });
  afterEach(() => client.dispose());

  const send = async (bodies: readonly string[], properties: Record<string, string> = {}): Promise<void> => {
    for (const body of bodies) {
      const answer = await client.request(sendRequest(topic, body, { properties }), TIMEOUT_MS);
      assert.equal(answer.code, 0, answer.remark);
    }
  };
  /** Sends to a topic that is empty so far. */
  const sendFirst = async (...bodies: string[]): Promise<void> => {
    await send(bodies);
    await cluster.untilReadable(topic, bodies.length);
  };
  const request = ({ connection = client, ...parts }: Parts = {}): Promise<RemotingCommand> =>
    connection.request(
      popRequest({ topic, group, bornTime: bornTime(parts.header?.['pollTime']), ...parts }),
      POLL_MS + TIMEOUT_MS,
    );
  const pop = async (header: Record<string, string> = {}): Promise<PoppedMessage[]> =>
    poppedMessages(await request({ header }), group);
  const ack = (message: PoppedMessage): Promise<RemotingCommand> =>
    client.request(ackRequest(group, message), TIMEOUT_MS);
  const bodies = (messages: readonly PoppedMessage[]): string[] => messages.map(({ body }) => body);
  /** Pops until so many messages came. */
  const popUntil = (count: number, header: Record<string, string> = {}): Promise<PoppedMessage[]> => {
    const found: PoppedMessage[] = [];
    return waitFor(
      `${count} messages`,
      async () => {
        found.push(...(await pop({ pollTime: '1000', ...header })));
        return found.length >= count && found;
      },
      { timeoutMs: PLENTY_MS },
    );
  };

  it('gives messages once, with what a receipt is made from', async () => {
    await sendFirst('a', 'b', 'c');
    const answer = await request({ header: { maxMsgNums: '2' } });
    assert.deepEqual([answer.code, answer.remark], [0, 'FOUND']);
    const { popTime, reviveQid, ...fields } = answer.extFields;
    assert.ok(Math.abs(Date.now() - Number(popTime)) < 60_000);
    assert.match(reviveQid ?? '', /^[0-7]$/);
    assert.deepEqual(fields, {
      invisibleTime: '10000',
      restNum: '1',
      startOffsetInfo: '0 0 0',
      msgOffsetInfo: '0 0 0,1',
    });
    assert.deepEqual(bodies(poppedMessages(answer, group)), ['a', 'b']);
    assert.deepEqual(bodies(await pop()), ['c']);
    const empty = await request();
    assert.deepEqual([empty.code, empty.remark, empty.extFields['msgOffsetInfo']], [210, 'NO_MESSAGE_IN_QUEUE', '']);
  });

  it('what is acknowledged does not come again; what is not does, counted, out of the topic’s sight', async function () {
    this.timeout(2 * PLENTY_MS);
    await sendFirst('a', 'b', 'c', 'd');
    const [a, , c, d] = await pop({ invisibleTime: '3000' });
    assert.ok(a && c && d);
    const popTime = a.receipt.split(' ')[1];
    assert.equal((await ack(a)).code, 0);
    const { startOffset, reviveQueueId } = { startOffset: 0, reviveQueueId: Number(a.receipt.split(' ')[3]) };
    const common = { c: group, t: topic, r: '0', q: 0, so: startOffset, rq: reviveQueueId };
    const batch = { ...common, pt: Number(popTime), it: 3000, b: 'DA==' };
    const answer = await ask(client, RequestCode.BATCH_ACK_MESSAGE, {}, { brokerName: 'broker-a', acks: [batch] });
    assert.equal(answer.code, 0);
    const [again] = await popUntil(1, { invisibleTime: '3000' });
    assert.ok(again);
    assert.deepEqual(
      [again.body, again.topic, again.realTopic, again.reconsumeTimes],
      ['b', topic, popRetryTopic(topic, group), 1],
    );
    assert.equal(again.properties.get('1ST_POP_TIME'), popTime);
    assert.match(again.receipt, /^0 \d+ 3000 [0-7] 1 broker-a 0 0$/);
    const [third] = await popUntil(1, { invisibleTime: '60000' });
    assert.deepEqual([third?.body, third?.reconsumeTimes], ['b', 2]);
    assert.equal((await ack(third as PoppedMessage)).code, 0);
    assert.deepEqual(await pop(), []);
  });

  it('another invisible time counts from now, and makes a new receipt', async function () {
    this.timeout(2 * PLENTY_MS);
    await sendFirst('a', 'b');
    const [a, b] = await pop({ invisibleTime: '60000' });
    assert.ok(a && b);
    const change = async (message: PoppedMessage, invisibleTimeMs: number): Promise<PoppedMessage> => {
      const answer = await client.request(changeRequest(group, message, invisibleTimeMs), TIMEOUT_MS);
      assert.equal(answer.code, 0);
      assert.equal(answer.extFields['invisibleTime'], String(invisibleTimeMs));
      assert.equal(answer.extFields['reviveQid'], message.receipt.split(' ')[3]);
      assert.ok(Math.abs(Date.now() - Number(answer.extFields['popTime'])) < 60_000);
      return changedMessage(message, answer);
    };
    const changed = await change(b, 3000);
    await change(a, 3000);
    assert.equal((await ack(changed)).code, 0);
    const [again] = await popUntil(1);
    assert.deepEqual([again?.body, again?.reconsumeTimes], ['a', 1]);
    assert.deepEqual(await pop(), []);
  });

  it('a pop that waits is answered when a message comes, and 210 when none does', async function () {
    this.timeout(4 * POLL_MS);
    const waiting = await connect(cluster.brokerAddress);
    try {
      await pop();
      const early = request({ connection: waiting, header: { pollTime: String(POLL_MS) } });
      await waitFor('the pop to wait', async () => {
        const fields = { consumerGroup: group, topic, queueId: '-1' };
        return (await ask(client, RequestCode.POLLING_INFO, fields)).extFields['pollingNum'] === '1';
      });
      const sentMs = Date.now();
      await send(['a']);
      assert.deepEqual(bodies(poppedMessages(await early, group)), ['a']);
      assert.ok(Date.now() - sentMs < POLL_MS / 2);
      const began = Date.now();
      const late = await request({ connection: waiting, header: { pollTime: '2000', invisibleTime: '60000' } });
      assert.deepEqual([late.code, late.remark], [210, 'NO_MESSAGE_IN_QUEUE']);
      assert.ok(Date.now() - began >= 1900, `answered after ${Date.now() - began} ms`);
    } finally {
      waiting.dispose();
    }
  });

  it('an ordered pop keeps the queue until its messages are acknowledged or visible again', async function () {
    this.timeout(2 * PLENTY_MS);
    await sendFirst('a', 'b', 'c');
    const ordered = { order: 'true', invisibleTime: '5000', maxMsgNums: '2' };
    const first = await request({ header: { ...ordered, invisibleTime: '60000', attemptId: 'one' } });
    assert.deepEqual([first.extFields['reviveQid'], first.extFields['orderCountInfo']], ['999', '0 0 0']);
    const [a, b] = poppedMessages(first, group);
    assert.ok(a && b);
    assert.deepEqual(await pop({ ...ordered, attemptId: 'two' }), []);
    const again = await pop({ ...ordered, invisibleTime: '60000', attemptId: 'one' });
    assert.deepEqual(bodies(again), ['a', 'b']);
    assert.deepEqual(await pop(ordered), []);
    for (const message of again) assert.equal((await ack(message)).code, 0);
    const [c] = await popUntil(1, ordered);
    assert.deepEqual([c?.body, c?.orderCount, c?.reconsumeTimes], ['c', 0, 0]);
    assert.deepEqual(await pop(ordered), []);
    const answer = await waitFor('the message to be visible again', async () => {
      const found = await request({ header: { ...ordered, pollTime: '1000' } });
      return found.code === 0 && found;
    });
    assert.equal(answer.extFields['orderCountInfo'], '0 qo0%2 1;0 0 1');
    const [last] = poppedMessages(answer, group);
    const illegal = await ack({ ...(last as PoppedMessage), queueOffset: 3 });
    assert.equal(illegal.code, 13);
    assert.match(illegal.remark ?? '', /^offset is illegal, key:\S+@\S+@0, old:2, commit:3, next:-1, \/127/);
    assert.equal((await ack(last as PoppedMessage)).code, 0);
  });

  it('filters by tags and by properties', async () => {
    await send(['zero']);
    await send(['one'], { TAGS: 'A', price: '1' });
    await send(['two'], { TAGS: 'B', price: '2' });
    await send(['three'], { TAGS: 'A', price: '3' });
    await cluster.untilReadable(topic, 4);
    assert.deepEqual(bodies(await pop({ exp: 'A || C' })), ['one', 'three']);
    const sql = await request({ group: `${group}-sql`, header: { expType: 'SQL92', exp: 'price > 1' } });
    assert.deepEqual(bodies(poppedMessages(sql, group)), ['two', 'three']);
  });

  it('begins at the last message of a queue, unless it has all of it in memory, or at the first', async () => {
    await sendFirst('a', 'b', 'c');
    assert.deepEqual(bodies(await pop({ initMode: '1' })), ['a', 'b', 'c']);
    const other = await request({ group: `${group}-min`, header: { initMode: '0' } });
    assert.deepEqual(bodies(poppedMessages(other, group)), ['a', 'b', 'c']);
  });

  it('a notification says whether there is a message, a peek shows it', async () => {
    const fields = { consumerGroup: group, topic, queueId: '-1', pollTime: '0', bornTime: String(bornTime()) };
    const none = await ask(client, RequestCode.NOTIFICATION, fields);
    assert.deepEqual(none.extFields, { hasMsg: 'false', pollingFull: 'false' });
    await sendFirst('a', 'b');
    const some = await ask(client, RequestCode.NOTIFICATION, fields);
    assert.deepEqual(some.extFields, { hasMsg: 'true', pollingFull: 'false' });
    const peek = { consumerGroup: group, topic, queueId: '0', maxMsgNums: '1' };
    const peeked = await ask(client, RequestCode.PEEK_MESSAGE, peek);
    assert.deepEqual([peeked.code, peeked.remark], [0, 'FOUND']);
    assert.deepEqual(peeked.extFields, { popTime: '0', invisibleTime: '0', reviveQid: '0', restNum: '2' });
    assert.deepEqual(bodies(await pop()), ['a', 'b']);
    // Apache's broker may still look where the pop began.
    const empty = await waitFor('a peek that finds nothing', async () => {
      const answer = await ask(client, RequestCode.PEEK_MESSAGE, peek);
      return answer.code === 0 ? undefined : answer;
    });
    assert.deepEqual([empty.code, empty.remark], [19, 'NO_MESSAGE_IN_QUEUE']);
  });

  it('a notification with a filter by tags tells of those messages alone, and waits for one', async () => {
    const notify = (exp: string, pollTime = '0', expType = 'TAG'): Promise<RemotingCommand> => {
      const made = String(bornTime(pollTime));
      const fields = { consumerGroup: group, topic, queueId: '-1', pollTime, bornTime: made, expType, exp };
      return client.request({ code: RequestCode.NOTIFICATION, extFields: fields }, POLL_MS + TIMEOUT_MS);
    };
    await send(['a'], { TAGS: 'A' });
    await cluster.untilReadable(topic, 1);
    assert.equal((await notify('B')).extFields['hasMsg'], 'false');
    assert.equal((await notify('A || C')).extFields['hasMsg'], 'true');
    assert.equal((await notify('B', '0', '')).extFields['hasMsg'], 'true');
    // By properties nobody looks.
    assert.equal((await notify("TAGS = 'B'", '0', 'SQL92')).extFields['hasMsg'], 'true');
    for (const [exp, type] of [
      ['||', 'TAG'],
      ['a >', 'SQL92'],
    ] as const) {
      const refused = await notify(exp, '0', type);
      assert.deepEqual([refused.code, refused.remark], [23, "parse the consumer's subscription failed"]);
    }
    const waiting = notify('B', String(POLL_MS));
    await send(['c'], { TAGS: 'C' });
    await send(['b'], { TAGS: 'B' });
    assert.deepEqual((await waiting).extFields, { hasMsg: 'true', pollingFull: 'false' });
  });

  it('refuses what is wrong with the same codes and words', async () => {
    await sendFirst('a');
    const refused = async (header: Record<string, string>): Promise<[number, string]> => {
      const { code, remark = '', extFields } = await request({ header });
      assert.deepEqual(extFields, { popTime: '0', invisibleTime: '0', reviveQid: '0', restNum: '0' });
      return [code, remark.split('\n')[0]?.replace(/127\.0\.0\.1:\d+/, 'CLIENT') ?? ''];
    };
    assert.deepEqual(await refused({ bornTime: '1', pollTime: '1' }), [
      210,
      'the broker[127.0.0.1] pop message is timeout too much',
    ]);
    assert.deepEqual(await refused({ maxMsgNums: '33' }), [
      29,
      "the broker[127.0.0.1] pop message's num is greater than 32",
    ]);
    assert.deepEqual(await refused({ topic: 'Nowhere' }), [17, 'topic[Nowhere] not exist, apply first please! ']);
    assert.deepEqual(await refused({ queueId: '1' }), [
      29,
      `queueId[1] is illegal, topic:[${topic}] topicConfig.readQueueNums:[1] consumer:[/CLIENT]`,
    ]);
    for (const filter of [
      { expType: 'SQL92', exp: 'a >' },
      { expType: 'TAG', exp: '||' },
    ]) {
      assert.deepEqual(await refused(filter), [23, "parse the consumer's subscription failed"]);
    }
    const receipt = `0 ${Date.now()} 10000 0 0 broker-a 0 0`;
    const fields = {
      consumerGroup: group,
      topic,
      queueId: '0',
      offset: '0',
      extraInfo: receipt,
      invisibleTime: '1000',
    };
    const codes = async (more: Record<string, string>): Promise<number[]> => [
      (await ask(client, RequestCode.ACK_MESSAGE, { ...fields, ...more })).code,
      (await ask(client, RequestCode.CHANGE_MESSAGE_INVISIBLETIME, { ...fields, ...more })).code,
    ];
    assert.deepEqual(await codes({ topic: 'Nowhere' }), [17, 17]);
    assert.deepEqual(await codes({ queueId: '1' }), [13, 13]);
    assert.deepEqual(await codes({ offset: '1' }), [0, 208]);
    assert.deepEqual(await codes({ offset: '2' }), [208, 208]);
    assert.deepEqual(await codes({ extraInfo: '0 1' }), [1, 1]);
    assert.equal((await ask(client, RequestCode.BATCH_ACK_MESSAGE)).code, 208);
  });

  it('the broker says which queues a client consumes, and how', async () => {
    const query = async (name = topic): Promise<unknown> => {
      const body = {
        topic: name,
        consumerGroup: group,
        clientId: 'c',
        strategyName: 'AVG',
        messageModel: 'CLUSTERING',
      };
      const answer = await ask(client, RequestCode.QUERY_ASSIGNMENT, {}, body);
      assert.equal(answer.code, 0);
      return parseFastjson(answer.body.toString());
    };
    assert.deepEqual(await query(), {}, 'nobody is online');
    await ask(client, RequestCode.HEART_BEAT, {}, consumerBeat('c', group, { [topic]: '*' }));
    const assigned = (name: string, queueId: number, mode: string): object => ({
      messageQueueAssignments: [{ messageQueue: { brokerName: 'broker-a', queueId, topic: name }, mode }],
    });
    assert.deepEqual(await query(), assigned(topic, 0, 'PULL'));
    const mode = { topic, consumerGroup: group, mode: 'POP', popShareQueueNum: 0 };
    assert.equal((await ask(client, RequestCode.SET_MESSAGE_REQUEST_MODE, {}, mode)).code, 0);
    assert.deepEqual(await query(), assigned(topic, -1, 'POP'));
    assert.deepEqual(await query(`%RETRY%${group}`), assigned(`%RETRY%${group}`, 0, 'PULL'));
    const modes = await ask(client, RequestCode.GET_ALL_MESSAGE_REQUEST_MODE);
    const table = parseFastjson(modes.body.toString()) as { messageRequestModeMap: Record<string, unknown> };
    assert.deepEqual(table.messageRequestModeMap[topic], { [group]: mode });
    const retry = { ...mode, topic: `%RETRY%${group}` };
    const refusals = [retry, { ...mode, topic: 'Nowhere' }];
    const answers = await Promise.all(
      refusals.map((body) => ask(client, RequestCode.SET_MESSAGE_REQUEST_MODE, {}, body)),
    );
    assert.deepEqual(
      answers.map(({ code, remark }) => [code, remark]),
      [
        [16, 'retry topic is not allowed to set mode'],
        [17, 'topic[Nowhere] not exist'],
      ],
    );
  });
}
