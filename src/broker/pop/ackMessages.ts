import { liteQueueParts } from '../../protocol/liteTopic.ts';
import { ORDERED } from '../../protocol/popReceipt.ts';
import type { BrokerContext } from '../brokerContext.ts';

/** Messages of one pop and queue. */
export interface PoppedMessages {
  /** The topic that holds them. */
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  readonly startOffset: number;
  readonly popTime: number;
  readonly invisibleTime: number;
  readonly reviveQueueId: number;
  readonly brokerName: string;
}

/** Why an acknowledgement is not taken. */
export type AckProblem = { readonly oldOffset: number; readonly offset: number };

/**
 * Messages were consumed: they do not come again. Nobody checks that they were popped, and an acknowledgement that
 * comes twice or late changes nothing, nor one that a slave gets, who can write none. It is in the files when this resolves. Source: AckMessageProcessor.java; broker sheet §12.4.
 * @returns undefined, or what an ordered pop did not give out
 * @throws CodedError, TimerRefused when the store takes no note of it
 */
export async function ackMessages(
  broker: BrokerContext,
  messages: PoppedMessages,
  offsets: readonly number[],
): Promise<AckProblem | undefined> {
  const countedFor = liteQueueParts(messages.topic)?.topic ?? messages.topic;
  broker.statistics.acked(countedFor, messages.group, offsets.length);
  if (messages.reviveQueueId === ORDERED) {
    for (const offset of offsets) {
      const problem = await ackOrdered(broker, messages, offset);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const { topic, group, queueId, startOffset, popTime, brokerName } = messages;
  const ack = { topic, group, queueId, startOffset, popTime, brokerName, offsets };
  if (!broker.pops.checkPoints.acknowledge(ack) && !broker.replication.isSlave) {
    await broker.pops.log.gatherAck(ack, messages.reviveQueueId, popTime + messages.invisibleTime);
  }
  return undefined;
}

function ackOrdered(broker: BrokerContext, messages: PoppedMessages, offset: number): Promise<AckProblem | undefined> {
  const { topic, group, queueId, popTime } = messages;
  const { orders, turns } = broker.pops;
  return turns.take(topic, group, queueId, () => {
    const oldOffset = broker.offsets.committed(group, topic, queueId) ?? -1;
    if (offset < oldOffset) return undefined;
    const next = orders.acknowledge(topic, group, queueId, offset, popTime);
    if (next === 'illegal') return { oldOffset, offset };
    if (next === 'stale') return undefined;
    // Where an operator sent the group, it goes with its next pop.
    if (!broker.offsets.isReset(group, topic, queueId)) broker.offsets.commit(group, topic, queueId, next);
    if (!orders.isBlocked(topic, group, queueId, undefined)) broker.pops.freed(topic, group, queueId);
    return undefined;
  });
}
