import { LITE_QUEUE_ID } from '../../protocol/liteTopic.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { isExclusive, startsAnewAfterEviction, startsAnewAfterUnsubscribe } from './liteGroup.ts';
import type { LiteSubscriber } from './liteSubscriptions.ts';
import type { LiteTopics } from './liteTopics.ts';

/** Where a client wants to begin in a lite topic that it subscribes to. */
export type LiteStart =
  | { readonly from: 'min' | 'max' }
  | { readonly from: 'offset'; readonly offset: number }
  /** So many before the group's own place. */
  | { readonly from: 'tail'; readonly count: number };

interface Parts extends Pick<BrokerContext, 'config' | 'groups' | 'offsets' | 'pops' | 'store'> {
  readonly lite: LiteTopics;
}

/* How clients of a group come to their lite topics and leave them. Source: LiteSubscriptionRegistryImpl.java of 5.5.0. */

/** @returns false when that would be too many; then nothing is done */
export function addQueues(
  broker: Parts,
  subscriber: LiteSubscriber,
  queues: readonly string[],
  start: LiteStart | undefined,
): boolean {
  if (areTooMany(broker, subscriber, queues)) return false;
  const { subscriptions } = broker.lite;
  const group = broker.groups.get(subscriber.group);
  for (const queue of queues) {
    if (isExclusive(group)) evictOthers(broker, subscriber, queue, startsAnewAfterEviction(group));
    if (start !== undefined) begin(broker, subscriber.group, queue, start);
    if (!subscriptions.add(subscriber, queue)) subscriptions.wake(queue, subscriber.group);
  }
  return true;
}

export function removeQueues(broker: Parts, subscriber: LiteSubscriber, queues: readonly string[]): void {
  const startsAnew = startsAnewAfterUnsubscribe(broker.groups.get(subscriber.group));
  for (const queue of queues) {
    if (!broker.lite.subscriptions.remove(subscriber, queue) || !startsAnew) continue;
    begin(broker, subscriber.group, queue, { from: 'min' });
  }
}

/** All that the client has from now on; nobody is evicted. @returns false when that would be too many */
export function setQueues(broker: Parts, subscriber: LiteSubscriber, queues: readonly string[]): boolean {
  if (areTooMany(broker, subscriber, queues)) return false;
  const wanted = new Set(queues);
  for (const queue of [...subscriber.queues]) {
    if (!wanted.has(queue)) broker.lite.subscriptions.remove(subscriber, queue);
  }
  for (const queue of wanted) broker.lite.subscriptions.add(subscriber, queue);
  return true;
}

function areTooMany({ config, lite }: Parts, { queues: known }: LiteSubscriber, queues: readonly string[]): boolean {
  const more = queues.filter((queue) => !known.has(queue)).length;
  return more > 0 && lite.subscriptions.size + more > config.maxLiteSubscriptionCount;
}

function evictOthers(broker: Parts, subscriber: LiteSubscriber, queue: string, startsAnew: boolean): void {
  const { subscriptions } = broker.lite;
  for (const other of subscriptions.othersOf(subscriber, queue)) {
    subscriptions.remove(other, queue);
    other.client.evicted(queue);
    if (startsAnew) begin(broker, subscriber.group, queue, { from: 'min' });
  }
}

/** What the group holds of it is forgotten. */
function begin({ offsets, pops, store }: Parts, group: string, queue: string, start: LiteStart): void {
  const current = offsets.committed(group, queue, LITE_QUEUE_ID);
  const target = targetOf(start, current, store.maxOffset(queue, LITE_QUEUE_ID));
  if (target === undefined || target === current) return;
  offsets.reset(group, queue, LITE_QUEUE_ID, target);
  pops.orders.clear(queue, group, LITE_QUEUE_ID);
}

function targetOf(start: LiteStart, current: number | undefined, max: number): number | undefined {
  switch (start.from) {
    case 'min':
      return 0;
    case 'max':
      return max;
    case 'offset':
      return start.offset;
    case 'tail':
      return current === undefined ? undefined : Math.max(0, current - start.count);
  }
}
