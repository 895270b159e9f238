import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { realTarget } from '../realTarget.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

/** TIMER_ENQUEUE_MS of a message that was due before it could be put into the wheel: Java's Long.MAX_VALUE. */
export const NEVER_ENQUEUED = '9223372036854775807';

export interface WantedOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What was deleted while its messages waited gets them no more. */
  readonly topicExists: (topic: string) => boolean;
}

/**
 * What a parked message becomes at its time. REAL_TOPIC and REAL_QID stay among the properties, as Java leaves them.
 * Undefined when it does not say where it belongs. Source: TimerMessageStore.convert, convertMessage.
 */
function dueMessage(parked: StoredMessage, enqueuedMs: string, nowMs: number): MessageToStore | undefined {
  const properties = decodeProperties(parked.properties);
  const target = realTarget((name) => properties.get(name));
  if (target === undefined) return undefined;
  properties.set(PropertyName.TIMER_ENQUEUE_MS, enqueuedMs);
  properties.set(PropertyName.TIMER_DEQUEUE_MS, String(nowMs));
  return { ...parked, preparedTransactionOffset: 0, ...target, properties: encodeProperties(properties) };
}

/** Undefined for a message that must not get to its topic. */
export function wantedDueMessage(
  { clock, logger, topicExists }: WantedOptions,
  message: StoredMessage,
  enqueuedMs: string,
): MessageToStore | undefined {
  const due = dueMessage(message, enqueuedMs, clock.now());
  if (due === undefined) {
    logger.warn(`the timer message at ${message.physicalOffset} does not say where it belongs and is dropped`);
    return undefined;
  }
  if (topicExists(due.topic)) return due;
  logger.warn(`the timer message at ${message.physicalOffset} is dropped: its topic ${due.topic} was deleted`);
  return undefined;
}

/** A message further away than the wheel reaches is parked once more when its slot comes. */
export function rolledMessage(parked: StoredMessage, enqueuedMs: string, nowMs: number): MessageToStore {
  const properties = decodeProperties(parked.properties);
  properties.set(PropertyName.TIMER_ENQUEUE_MS, enqueuedMs);
  properties.set(PropertyName.TIMER_ROLL_TIMES, String(Number(properties.get(PropertyName.TIMER_ROLL_TIMES) ?? 0) + 1));
  properties.set(PropertyName.TIMER_DEQUEUE_MS, String(nowMs));
  return { ...parked, preparedTransactionOffset: 0, properties: encodeProperties(properties) };
}

/**
 * What a marker carries that takes a waiting message away: its unique key, behind its topic with
 * appendTopicForTimerDeleteKey. Source: TimerMessageStore.buildDeleteKey of 5.5.0.
 */
export function deleteKey(topic: string, uniqueKey: string, appendTopic: boolean): string {
  return appendTopic ? `${topic}+${uniqueKey}` : uniqueKey;
}
