import type { SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';

/* What the attributes of a group say of lite topics. Source: SubscriptionGroupAttributes.java of 5.5.0. */

type Attributes = Pick<SubscriptionGroupConfig, 'attributes'> | undefined;

const DEFAULT_QUOTA = 2000;

/** The one topic whose lite topics the group may read; undefined where nobody said. */
export function bindTopic(group: Attributes): string | undefined {
  const topic = group?.attributes['lite.bind.topic'];
  return topic === '' ? undefined : topic;
}

/** Has each lite topic one subscriber, the newest? */
export function isExclusive(group: Attributes): boolean {
  return group?.attributes['lite.sub.model'] === 'Exclusive';
}

/** Does the next subscriber begin anew, where another had the lite topic before it? */
export function startsAnewAfterEviction(group: Attributes): boolean {
  return group?.attributes['lite.sub.reset.offset.exclusive'] === 'true';
}

/** Does a client begin anew that subscribes again? */
export function startsAnewAfterUnsubscribe(group: Attributes): boolean {
  return group?.attributes['lite.sub.reset.offset.unsubscribe'] === 'true';
}

/** How many lite topics a client may subscribe to; clients obey it by themselves. */
export function clientQuota(group: Attributes): number {
  const quota = group?.attributes['lite.sub.client.quota'] ?? '';
  return /^\d{1,9}$/.test(quota) ? Number(quota) : DEFAULT_QUOTA;
}
