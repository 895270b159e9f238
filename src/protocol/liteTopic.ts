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

/** The names that such a queue is made of; undefined for any other. */
export function liteQueueParts(name: string): { readonly topic: string; readonly liteTopic: string } | undefined {
  if (!isLiteQueue(name)) return undefined;
  const [topic = '', liteTopic = '', ...more] = name.slice(PREFIX.length).split('$');
  return topic === '' || liteTopic === '' || more.length > 0 ? undefined : { topic, liteTopic };
}
