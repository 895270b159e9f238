import assert from 'node:assert/strict';

import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { QueueReader } from './queueReader.ts';

export function retryBehaviours(cluster: TestCluster): void {
  const reader = new QueueReader();
  let topic = '';
  let group = '';
  before(() => reader.open(cluster));
  after(() => reader.close());
  beforeEach(async () => {
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    group = uniqueName('RetryGroup');
  });

  const sent = async (properties: Record<string, string> = {}): Promise<StoredMessage> => {
    await reader.send(topic, 'fails', {
      properties: { UNIQ_KEY: 'KEY', TAGS: 'a', KEYS: 'k', WAIT: 'true', ...properties },
    });
    const [message] = await reader.until(topic, 1);
    return message ?? assert.fail('it was sent');
  };
  const sendBack = (message: StoredMessage, more: Record<string, string> = {}): Promise<RemotingCommand> =>
    reader.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: String(message.physicalOffset),
      group,
      delayLevel: '1',
      originMsgId: 'KEY',
      originTopic: topic,
      unitMode: 'false',
      maxReconsumeTimes: '2',
      ...more,
    });
  const properties = (message: StoredMessage | undefined): Record<string, string> =>
    Object.fromEntries(decodeProperties(message?.properties ?? ''));

  it('come after their level, count, and end among the dead letters', async () => {
    const first = await sent();
    assert.equal((await sendBack(first)).code, 0);
    const [second] = await reader.until(`%RETRY%${group}`, 1);
    const kept = {
      UNIQ_KEY: 'KEY',
      TAGS: 'a',
      KEYS: 'k',
      WAIT: 'false',
      RETRY_TOPIC: topic,
      ORIGIN_MESSAGE_ID: offsetMessageId(first.storeHost, first.physicalOffset),
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    };
    assert.deepEqual(properties(second), { ...kept, DELAY: '1', REAL_TOPIC: `%RETRY%${group}`, REAL_QID: '0' });
    assert.deepEqual([second?.reconsumeTimes, second?.body.toString()], [1, 'fails']);
    assert.ok(second && second.storeTimestamp >= first.storeTimestamp + 1000);
    assert.equal(second.bornTimestamp, first.bornTimestamp);

    assert.equal((await sendBack(second)).code, 0);
    const [, third] = await reader.until(`%RETRY%${group}`, 2);
    assert.equal(third?.reconsumeTimes, 2);
    assert.deepEqual(properties(third), properties(second));

    assert.ok(third);
    assert.equal((await sendBack(third)).code, 0);
    const [dead] = await reader.until(`%DLQ%${group}`, 1);
    assert.deepEqual([dead?.reconsumeTimes, dead?.queueId], [3, 0]);
    assert.deepEqual(properties(dead), { ...properties(third), DELAY: '0' });
  });

  it('with a level below 0 are dead letters at once, which may be read', async () => {
    assert.equal((await sendBack(await sent(), { delayLevel: '-1' })).code, 0);
    const [dead] = await reader.until(`%DLQ%${group}`, 1);
    assert.deepEqual([dead?.reconsumeTimes, properties(dead)['DELAY']], [1, '0']);
    const config = await reader.ask(RequestCode.GET_TOPIC_CONFIG, { topic: `%DLQ%${group}` });
    const { perm, readQueueNums } = JSON.parse(config.body.toString()) as { perm: number; readQueueNums: number };
    assert.deepEqual([perm, readQueueNums], [6, 1]);
  });

  it('of a message that was for a moment come by their level', async () => {
    const message = await sent({ TIMER_DELAY_MS: '500' });
    assert.equal((await sendBack(message)).code, 0);
    const [again] = await reader.until(`%RETRY%${group}`, 1);
    const { TIMER_DELAY_MS, TIMER_OUT_MS, DELAY, REAL_TOPIC } = properties(again);
    assert.deepEqual(
      [TIMER_DELAY_MS, TIMER_OUT_MS, DELAY, REAL_TOPIC],
      [undefined, properties(message)['TIMER_OUT_MS'], '1', `%RETRY%${group}`],
    );
  });

  it('of a message that is not there are refused', async () => {
    const message = await sent();
    const answer = await sendBack({ ...message, physicalOffset: message.physicalOffset + 1 });
    assert.deepEqual([answer.code, answer.remark], [1, `look message by offset failed, ${message.physicalOffset + 1}`]);
  });

  it('sent by an ordered consumer itself are dead letters past its limit', async () => {
    assert.equal((await sendBack(await sent())).code, 0);
    await reader.until(`%RETRY%${group}`, 1);
    const again = (reconsumeTimes: number, limit: number): Promise<RemotingCommand> =>
      reader.send(`%RETRY%${group}`, `after ${reconsumeTimes}`, {
        properties: { UNIQ_KEY: 'KEY2', RETRY_TOPIC: topic, DELAY: '1' },
        header: { j: String(reconsumeTimes), l: String(limit) },
      });
    assert.equal((await again(3, 3)).code, 0);
    const [, live] = await reader.until(`%RETRY%${group}`, 2);
    assert.deepEqual([live?.reconsumeTimes, live?.body.toString()], [3, 'after 3']);
    assert.equal((await again(4, 3)).code, 0);
    const [dead] = await reader.until(`%DLQ%${group}`, 1);
    assert.deepEqual([dead?.reconsumeTimes, dead?.body.toString()], [4, 'after 4']);
    assert.deepEqual(properties(dead), {
      UNIQ_KEY: 'KEY2',
      RETRY_TOPIC: topic,
      DELAY: '-1',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });
}
