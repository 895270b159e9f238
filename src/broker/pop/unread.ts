import { popRetryTopic } from '../../protocol/popReceipt.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { knownPopOffset } from './popOffset.ts';

export interface UnreadQuestion {
  readonly topic: string;
  readonly group: string;
  /** -1 is any queue. */
  readonly queueId: number;
  readonly ordered: boolean;
  readonly attemptId?: string | undefined;
  /** Messages that came again count as well. */
  readonly withRetries: boolean;
}

/** Is there a message that the group could pop, whatever its filter? Source: NotificationProcessor.java. */
export function hasUnread(broker: BrokerContext, question: UnreadQuestion): boolean {
  const { topic, group, queueId, withRetries } = question;
  if (queueId >= 0 ? hasInQueue(broker, question, topic, queueId) : hasInTopic(broker, question, topic)) return true;
  return withRetries && retryTopicsOf(broker, topic, group).some((name) => hasInTopic(broker, question, name));
}

function retryTopicsOf({ config }: BrokerContext, topic: string, group: string): string[] {
  const isOldRead = !config.enableRetryTopicV2 || config.retrieveMessageFromPopRetryTopicV1;
  return [
    ...(config.enableRetryTopicV2 ? [popRetryTopic(topic, group, '2')] : []),
    ...(isOldRead ? [popRetryTopic(topic, group, '1')] : []),
  ];
}

function hasInTopic(broker: BrokerContext, question: UnreadQuestion, topic: string): boolean {
  const queueNums = broker.topics.get(topic)?.readQueueNums ?? 0;
  for (let queueId = 0; queueId < queueNums; queueId += 1) {
    if (hasInQueue(broker, question, topic, queueId)) return true;
  }
  return false;
}

function hasInQueue(broker: BrokerContext, question: UnreadQuestion, topic: string, queueId: number): boolean {
  const { store, pops } = broker;
  const { group, ordered, attemptId } = question;
  const max = store.maxOffset(topic, queueId);
  if (max === 0 || max <= (knownPopOffset(broker, topic, group, queueId) ?? store.minOffset(topic, queueId))) {
    return false;
  }
  return !ordered || !pops.orders.isBlocked(question.topic, group, queueId, attemptId);
}
