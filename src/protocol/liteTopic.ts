/*
 * The messages of a lite topic stand in a queue of their own beside the queue of their topic, and bear its name:
 *     queue = "%LMQ%$" topic "$" lite-topic
 * Source: LiteUtil.java of 5.5.0.
 */

const PREFIX = '%LMQ%$';

/** The one queue of a lite topic has this number. */
export const LITE_QUEUE_ID = 0;

export function liteQueue(topic: string, liteTopic: string): string {
  return `${PREFIX}${topic}$${liteTopic}`;
}

export function isLiteQueue(name: string): boolean {
  return name.startsWith(PREFIX);
}

const LITE_TOPIC = /^[A-Za-z0-9_-]+$/;

export function hasLiteLetters(liteTopic: string): boolean {
  return LITE_TOPIC.test(liteTopic);
}

/** Such a queue has a folder of its name. */
const MAX_LENGTH = 255;

/** The names that such a queue is made of; undefined for any other, also for one that would lead out of its folder. */
export function liteQueueParts(name: string): { readonly topic: string; readonly liteTopic: string } | undefined {
  if (!isLiteQueue(name) || name.length > MAX_LENGTH) return undefined;
  const [topic = '', liteTopic = '', ...more] = name.slice(PREFIX.length).split('$');
  return topic === '' || !hasLiteLetters(liteTopic) || more.length > 0 ? undefined : { topic, liteTopic };
}
