import { ORDERED } from '../../protocol/popReceipt.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { ackMessages } from './ackMessages.ts';
import type { PoppedMessages } from './ackMessages.ts';

export interface InvisibleTime {
  /** What the client's next receipt of the message has. */
  readonly popTime: number;
  readonly invisibleTime: number;
}

/**
 * A popped message comes again after a time that counts from now. Source: ChangeInvisibleTimeProcessor.java; broker
 * sheet §12.4.
 * @returns undefined for a message of an ordered pop that was consumed before
 * @throws CodedError, TimerRefused when the store takes no note of it
 */
export async function changeInvisibleTime(
  broker: BrokerContext,
  messages: PoppedMessages,
  message: { readonly offset: number; readonly invisibleTimeMs: number; readonly suspend: boolean },
): Promise<InvisibleTime | undefined> {
  const { offset, invisibleTimeMs } = message;
  if (messages.reviveQueueId === ORDERED) return changeOrdered(broker, messages, message);
  // With the same time as the pop, the new check point of the pop's first message would take the place of the old one.
  const popTime = Math.max(broker.clock.now(), messages.popTime + 1);
  const { topic, group, queueId, brokerName, reviveQueueId } = messages;
  const point = { topic, group, queueId, popTime, invisibleTime: invisibleTimeMs, brokerName };
  // The new one first: between the two, a crash makes the message come twice, not never.
  broker.pops.log.writeCheckPoint(
    { ...point, startOffset: offset, offsets: [offset], suspend: message.suspend },
    reviveQueueId,
  );
  await ackMessages(broker, messages, [offset]);
  return { popTime, invisibleTime: invisibleTimeMs };
}

function changeOrdered(
  broker: BrokerContext,
  { topic, group, queueId, popTime }: PoppedMessages,
  {
    offset,
    invisibleTimeMs,
    suspend,
  }: { readonly offset: number; readonly invisibleTimeMs: number; readonly suspend: boolean },
): Promise<InvisibleTime | undefined> {
  return broker.pops.turns.take(topic, group, queueId, () => {
    if (offset < (broker.offsets.committed(group, topic, queueId) ?? -1)) return undefined;
    const visibleAt = broker.clock.now() + invisibleTimeMs;
    broker.pops.orders.setVisibleAt({ topic, group, queueId, offset }, popTime, visibleAt, suspend);
    return { popTime, invisibleTime: visibleAt - popTime };
  });
}
