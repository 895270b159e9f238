import { LITE_QUEUE_ID, liteQueueParts } from '../../protocol/liteTopic.ts';
import { PropertyName, decodeProperties, encodeProperties, propertyOf } from '../../protocol/messageProperty.ts';
import type { ConsumeQueue } from './consumeQueue.ts';
import type { QueueTable } from './queueTable.ts';

/*
 * A message for a lite topic has entries in two queues: that of its topic, and that of the lite topic, which its
 * properties name together with its offset there. Source: MultiDispatchUtils.java, LmqDispatch.java of 5.5.0.
 */

const SEPARATOR = ',';

/** A place in the queue of a lite topic. */
export interface LightPlace {
  readonly queue: ConsumeQueue;
  readonly offset: number;
}

/** The same, of a queue that may not be there. */
export interface NamedPlace {
  readonly name: string;
  readonly offset: number;
}

/** May it? Wherever the property stands: a start, or a slave, would find it, and what a client wrote beside it. */
export function namesLightQueues(properties: string): boolean {
  return properties.includes(PropertyName.MULTI_DISPATCH);
}

/**
 * The next places in the queues that a message names; those of its own topic only, so that no copy of it is there twice.
 * Queues that are not there are not made: the message may be refused yet.
 */
export function nextLightPlaces(queues: QueueTable, topic: string, properties: string): NamedPlace[] {
  return namesIn(topic, properties).map((name) => {
    const queue = queues.find(name, LITE_QUEUE_ID);
    return { name, offset: queue === undefined ? 0 : queue.max + queue.waiting };
  });
}

export function obtainLightPlaces(queues: QueueTable, places: readonly NamedPlace[]): LightPlace[] {
  return places.map(({ name, offset }) => ({ queue: queues.obtain(name, LITE_QUEUE_ID), offset }));
}

/** The properties as they are stored. */
export function withLightPlaces(properties: string, places: readonly NamedPlace[]): string {
  const stored = decodeProperties(properties);
  stored.set(PropertyName.MULTI_DISPATCH, places.map(({ name }) => name).join(SEPARATOR));
  stored.set(PropertyName.MULTI_QUEUE_OFFSET, places.map(({ offset }) => offset).join(SEPARATOR));
  stored.delete(PropertyName.WAIT);
  return encodeProperties(stored);
}

/** The places that a stored message has; none for the most. */
export function storedLightPlaces(topic: string, properties: string): readonly NamedPlace[] {
  if (!namesLightQueues(properties)) return [];
  const names = propertyOf(properties, PropertyName.MULTI_DISPATCH)?.split(SEPARATOR) ?? [];
  const offsets = propertyOf(properties, PropertyName.MULTI_QUEUE_OFFSET)?.split(SEPARATOR) ?? [];
  return names.flatMap((name, at) => {
    const offset = offsets[at] ?? '';
    return isOf(topic, name) && /^\d{1,15}$/.test(offset) ? { name, offset: Number(offset) } : [];
  });
}

function namesIn(topic: string, properties: string): string[] {
  const names = propertyOf(properties, PropertyName.MULTI_DISPATCH)?.split(SEPARATOR) ?? [];
  return [...new Set(names)].filter((name) => isOf(topic, name));
}

function isOf(topic: string, name: string): boolean {
  return liteQueueParts(name)?.topic === topic;
}
