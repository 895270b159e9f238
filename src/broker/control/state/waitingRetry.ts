import { decodeMessages } from '../../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../../protocol/messageProperty.ts';
import { SCHEDULE_TOPIC, retryTopic } from '../../../protocol/topicName.ts';
import type { BrokerContext } from '../../brokerContext.ts';

const BATCH_MESSAGES = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** A message in the queue of a delay level, of which the first is 1. */
export interface WaitingRetry {
  readonly level: number;
  readonly offset: number;
}

/** A message that a group sent back and that waits for its delay; undefined when none does. */
export async function waitingRetry(broker: BrokerContext, group: string): Promise<WaitingRetry | undefined> {
  for (let level = 1; level <= broker.delayLevels.count; level++) {
    const offset = await firstOf(broker, retryTopic(group), level);
    if (offset !== undefined) return { level, offset };
  }
  return undefined;
}

/** Does it wait still? */
export function isWaiting({ delayLevels }: BrokerContext, { level, offset }: WaitingRetry): boolean {
  return delayLevels.progress(level) <= offset;
}

async function firstOf(
  { store, delayLevels }: BrokerContext,
  topic: string,
  level: number,
): Promise<number | undefined> {
  const queueId = level - 1;
  const end = store.maxOffset(SCHEDULE_TOPIC, queueId);
  for (let offset = delayLevels.progress(level); offset < end;) {
    const { records, nextBeginOffset } = await store.read({
      topic: SCHEDULE_TOPIC,
      queueId,
      offset,
      maxMessages: BATCH_MESSAGES,
      maxBytes: BATCH_BYTES,
    });
    for (const { properties, queueOffset } of records.flatMap((record) => decodeMessages(record))) {
      if (propertyOf(properties, PropertyName.REAL_TOPIC) === topic) return queueOffset;
    }
    if (nextBeginOffset <= offset) return undefined;
    offset = nextBeginOffset;
  }
  return undefined;
}
