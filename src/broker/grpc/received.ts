import { decodeMessages } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { retryFlagOf } from '../../protocol/popReceipt.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { PoppedMessages } from '../pop/ackMessages.ts';
import { changeInvisibleTime } from '../pop/changeInvisibleTime.ts';
import type { PopWish, Popped, PoppedQueue } from '../pop/popMessages.ts';
import { encodeHandle } from './receipt.ts';

/** A message that was popped for a client of gRPC, and is not sent yet. */
export interface Received {
  /** How often it was given out before is that of its pop. */
  readonly stored: StoredMessage;
  readonly handle: string;
  readonly messages: PoppedMessages;
  readonly offset: number;
  readonly physicalOffset: number;
}

/** Messages that reach nobody are visible again after so long. Source: ReceiveMessageResponseStreamWriter.java. */
const RELEASE_MS = 1000;

/** Source: LocalMessageService.java, popMessage. */
export function receivedMessages(broker: BrokerContext, wish: PopWish, popped: Popped): Received[] {
  const { group } = wish;
  const { popTime, reviveQueueId } = popped;
  return popped.queues.flatMap((queue) => {
    const { topic, queueId, startOffset, order } = queue;
    const messages = {
      topic,
      group,
      queueId,
      startOffset,
      popTime,
      invisibleTime: wish.invisibleTimeMs,
      reviveQueueId,
      brokerName: broker.config.brokerName,
    };
    const retry = topic === wish.topic ? '0' : retryFlagOf(topic);
    return storedMessages(queue).map((stored): Received => {
      const offset = stored.queueOffset;
      const count = order?.counts.get(offset) ?? 0;
      return {
        stored: count > 0 ? { ...stored, reconsumeTimes: count } : stored,
        handle: encodeHandle({ ...messages, retry, offset }, stored.physicalOffset),
        messages,
        offset,
        physicalOffset: stored.physicalOffset,
      };
    });
  });
}

function storedMessages({ records }: PoppedQueue): StoredMessage[] {
  return records.flatMap((piece) => decodeMessages(piece));
}

/** Others get them soon; nobody saw them, so this is no attempt. */
export async function release(broker: BrokerContext, received: readonly Received[]): Promise<void> {
  for (const { messages, offset } of received) {
    await changeInvisibleTime(broker, messages, { offset, invisibleTimeMs: RELEASE_MS, suspend: true });
  }
}
