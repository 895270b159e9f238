import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
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

interface UnreadQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly count: number;
}

/** Is there a message that the group could pop, whatever its filter? Source: NotificationProcessor.java. */
export function hasUnread(broker: BrokerContext, question: UnreadQuestion): boolean {
  return unreadQueues(broker, question).next().done !== true;
}

/**
 * Is there one that the filter takes, by its tag? Other filters, and those with many messages before them, are not
 * asked: there may be one. Source: NotificationProcessor.hasMsgFromQueue of 5.5.0.
 */
export async function hasMatching(
  broker: BrokerContext,
  question: UnreadQuestion,
  { matchesCode, matchesProperties }: MessageFilter,
): Promise<boolean> {
  for (const { topic, queueId, offset, count } of unreadQueues(broker, question)) {
    if (matchesProperties !== undefined || count >= broker.config.maxMessageFilterNumForNotification) return true;
    const entries = await broker.store.entries(topic, queueId, offset, count);
    if (entries.some(({ tagsCode }) => matchesCode(tagsCode))) return true;
  }
  return false;
}

function* unreadQueues(broker: BrokerContext, question: UnreadQuestion): Generator<UnreadQueue, void> {
  const { topic, group, queueId, withRetries } = question;
  if (queueId >= 0) yield* unreadQueue(broker, question, topic, queueId);
  else yield* unreadQueuesOf(broker, question, topic);
  if (!withRetries) return;
  for (const name of retryTopicsOf(broker, topic, group)) yield* unreadQueuesOf(broker, question, name);
}

function retryTopicsOf({ config }: BrokerContext, topic: string, group: string): string[] {
  const isOldRead = !config.enableRetryTopicV2 || config.retrieveMessageFromPopRetryTopicV1;
  return [
    ...(config.enableRetryTopicV2 ? [popRetryTopic(topic, group, '2')] : []),
    ...(isOldRead ? [popRetryTopic(topic, group, '1')] : []),
  ];
}

function* unreadQueuesOf(broker: BrokerContext, question: UnreadQuestion, topic: string): Generator<UnreadQueue, void> {
  const queueNums = broker.topics.get(topic)?.readQueueNums ?? 0;
  for (let queueId = 0; queueId < queueNums; queueId += 1) yield* unreadQueue(broker, question, topic, queueId);
}

function* unreadQueue(
  broker: BrokerContext,
  question: UnreadQuestion,
  topic: string,
  queueId: number,
): Generator<UnreadQueue, void> {
  const { store, pops } = broker;
  const { group, ordered, attemptId } = question;
  const max = store.maxOffset(topic, queueId);
  if (max === 0) return;
  const offset = knownPopOffset(broker, topic, group, queueId) ?? store.minOffset(topic, queueId);
  if (max <= offset || (ordered && pops.orders.isBlocked(question.topic, group, queueId, attemptId))) return;
  yield { topic, queueId, offset, count: max - offset };
}
