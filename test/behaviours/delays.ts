import assert from 'node:assert/strict';

import { RequestCode } from '../../src/protocol/codes.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';
import { QueueReader } from './queueReader.ts';

/** Later than due: Apache looks every 100 ms, and both may share a busy machine with others. */
const MOST_LATE_MS = 15_000;

export function delayBehaviours(cluster: TestCluster): void {
  const reader = new QueueReader();
  let topic = '';
  before(() => reader.open(cluster));
  after(() => reader.close());
  beforeEach(async () => {
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
  });

  const properties = (text: string): Record<string, string> => Object.fromEntries(decodeProperties(text));
  const inTime = (atMs: number, dueMs: number): void => {
    assert.ok(atMs >= dueMs && atMs < dueMs + MOST_LATE_MS, `${atMs - dueMs} ms after its time`);
  };

  it('of a level end when its time is over; the message keeps what it was parked with', async () => {
    const sentMs = Date.now();
    const sent = await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'L', DELAY: '1', TAGS: 'a', WAIT: 'true' } });
    assert.equal(sent.code, 0);
    assert.equal(sent.extFields['recallHandle'], undefined);
    const early = await reader.read(topic);
    if (Date.now() < sentMs + 1000) assert.deepEqual(early, []);
    const [message] = await reader.until(topic, 1);
    assert.ok(message);
    inTime(message.storeTimestamp, sentMs + 1000);
    assert.deepEqual(properties(message.properties), {
      UNIQ_KEY: 'L',
      DELAY: '1',
      TAGS: 'a',
      WAIT: 'true',
      REAL_TOPIC: topic,
      REAL_QID: '0',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });

  it('to a moment end no earlier than that; the message tells of its way', async () => {
    const deliverMs = Date.now() + 4000;
    await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'M', TIMER_DELIVER_MS: String(deliverMs) } });
    const [message] = await reader.until(topic, 1);
    assert.ok(message);
    const slotMs = Math.ceil(deliverMs / 1000) * 1000 - 1000;
    inTime(message.storeTimestamp, deliverMs);
    const { TIMER_ENQUEUE_MS, TIMER_DEQUEUE_MS, ...rest } = properties(message.properties);
    assert.equal(Number(TIMER_ENQUEUE_MS) % 1000, 0);
    inTime(Number(TIMER_DEQUEUE_MS), deliverMs);
    assert.deepEqual(rest, {
      UNIQ_KEY: 'M',
      TIMER_DELIVER_MS: String(deliverMs),
      TIMER_OUT_MS: String(slotMs),
      REAL_TOPIC: topic,
      REAL_QID: '0',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });

  for (const [name, value] of [
    ['TIMER_DELAY_SEC', '2'],
    ['TIMER_DELAY_MS', '2000'],
  ] as const) {
    it(`by ${name} count from the send`, async () => {
      const sentMs = Date.now();
      await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'S', [name]: value } });
      const [message] = await reader.until(topic, 1);
      inTime(message?.storeTimestamp ?? 0, sentMs + 2000);
    });
  }

  it('to a moment that is past are none', async () => {
    const sent = await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'P', TIMER_DELIVER_MS: '1000' } });
    assert.equal(sent.extFields['recallHandle'], undefined);
    const [message] = await reader.until(topic, 1);
    const { TIMER_DELIVER_MS, TIMER_OUT_MS, REAL_TOPIC } = properties(message?.properties ?? '');
    assert.deepEqual([TIMER_DELIVER_MS, TIMER_OUT_MS, REAL_TOPIC], ['1000', undefined, undefined]);
  });

  it('past three days are refused, and so is what is no number or takes away what is past', async () => {
    const now = Date.now();
    for (const refused of [
      { TIMER_DELAY_SEC: String(3 * 24 * 3600 + 1) },
      { TIMER_DELIVER_MS: String(now + 3 * 24 * 3600 * 1000 + 60_000) },
      { TIMER_DELAY_MS: 'soon' },
      { TIMER_DELIVER_MS: String(now - 1000), TIMER_DEL_UNIQKEY: 'K' },
    ]) {
      const answer = await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'F', ...refused } });
      assert.equal(answer.code, 13, JSON.stringify(refused));
      assert.equal(
        answer.remark,
        'timer message illegal, the delay time should not be bigger than the max delay 259200000ms; ' +
          'or if set del msg, the delay time should be bigger than the current time',
      );
    }
  });

  it('of a level win over a moment', async () => {
    const deliverMs = String(Date.now() + 60_000);
    await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'B', DELAY: '1', TIMER_DELIVER_MS: deliverMs } });
    const [message] = await reader.until(topic, 1);
    assert.equal(properties(message?.properties ?? '')['TIMER_DELIVER_MS'], undefined);
  });

  it('to a moment are taken back by the recall handle of the send', async () => {
    const deliverMs = Date.now() + 6000;
    const timer = (key: string): Promise<Record<string, string>> =>
      reader
        .send(topic, key, { properties: { UNIQ_KEY: key, TIMER_DELIVER_MS: String(deliverMs) } })
        .then(({ extFields }) => ({ ...extFields }));
    const { recallHandle = '' } = await timer('back');
    await timer('stays');
    const slotMs = Math.ceil(deliverMs / 1000) * 1000 - 1000;
    assert.equal(Buffer.from(recallHandle, 'base64').toString(), `v1 ${topic} broker-a ${slotMs + 1} back`);
    const answer = await reader.ask(RequestCode.RECALL_MESSAGE, { producerGroup: 'P', topic, recallHandle });
    assert.deepEqual([answer.code, answer.extFields['msgId']], [0, 'back']);
    // One more slot later, so that the first one is over for certain.
    await reader.send(topic, 'later', {
      properties: { UNIQ_KEY: 'later', TIMER_DELIVER_MS: String(deliverMs + 1000) },
    });
    assert.deepEqual(
      (await reader.until(topic, 2)).map(({ body }) => body.toString()),
      ['stays', 'later'],
    );
  });

  it('are not taken back by a handle that is none, or of another topic, broker or time', async () => {
    const handle = (text: string): string => Buffer.from(text).toString('base64url');
    const soon = String(Date.now() + 60_000);
    const cases: readonly (readonly [string, string, number, string])[] = [
      [topic, 'no handle', 604, 'recall handle is invalid'],
      [topic, handle('v1 only'), 604, 'recall handle is invalid'],
      [topic, handle(`v2 ${topic} broker-a ${soon} K`), 604, 'recall handle is invalid'],
      [topic, handle(`v1 Other broker-a ${soon} K`), 604, 'recall failed, topic not match'],
      [topic, handle(`v1 ${topic} broker-b ${soon} K`), 604, 'recall failed, broker service not available'],
      [topic, handle(`v1 ${topic} broker-a 1000 K`), 604, 'recall failed, timestamp invalid'],
      [topic, handle(`v1 ${topic} broker-a soon K`), 604, 'recall failed, timestamp invalid'],
      ['Nowhere', handle(`v1 Nowhere broker-a ${soon} K`), 17, 'recall failed, the topic[Nowhere] not exist'],
    ];
    for (const [name, recallHandle, code, remark] of cases) {
      const answer = await reader.ask(RequestCode.RECALL_MESSAGE, { producerGroup: 'P', topic: name, recallHandle });
      assert.deepEqual([answer.code, answer.remark], [code, remark], recallHandle);
    }
  });

  it('are counted for slaves by topic, and how far they are is told', async () => {
    await reader.send(topic, 'x', { properties: { UNIQ_KEY: 'C', TIMER_DELAY_SEC: '3' } });
    await reader.until(topic, 1);
    await waitFor('the count', async () => {
      const metrics = await reader.ask(RequestCode.GET_TIMER_METRICS, {});
      const { timingCount } = JSON.parse(metrics.body.toString()) as { timingCount: Record<string, { count: number }> };
      return timingCount[topic]?.count === 0;
    });
    const { body } = await reader.ask(RequestCode.GET_TIMER_CHECK_POINT, {});
    assert.equal(body.length, 56);
    assert.ok(Math.abs(Number(body.readBigInt64BE(0)) - Date.now()) < 60_000, 'read time');
  });
}
