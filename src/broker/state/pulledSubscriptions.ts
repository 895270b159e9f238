import type { Clock } from '../../base/clock.ts';
import type { Subscription } from '../../protocol/bodies/group.ts';
import { isTagType } from '../../protocol/filter/messageFilter.ts';
import { parseTagExpression } from '../../protocol/filter/tag.ts';

/** Source: BrokerConfig.java, subscriptionExpiredTimeout. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * Subscriptions that came with pulls: they stand in for those of heartbeats where tools ask what a group reads.
 * Source: ConsumerManager.java, compensateSubscribeData.
 */
export class PulledSubscriptions {
  readonly #groups = new Map<string, Map<string, Subscription & { lastMs: number }>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(group: string, topic: string, subString: string, expressionType: string): void {
    let topics = this.#groups.get(group);
    if (topics === undefined) this.#groups.set(group, (topics = new Map<string, Subscription & { lastMs: number }>()));
    const lastMs = this.#clock.now();
    const known = topics.get(topic);
    if (known?.subString === subString && known.expressionType === expressionType) {
      known.lastMs = lastMs;
      return;
    }
    const tags = isTagType(expressionType) && subString !== '*' ? parseTagExpression(subString) : [];
    topics.set(topic, { topic, subString, expressionType, tags, subVersion: lastMs, lastMs });
  }

  get(group: string, topic: string): Subscription | undefined {
    return this.#groups.get(group)?.get(topic);
  }

  /** Forgets what no pull has brought for a day. */
  expire(): void {
    const sinceMs = this.#clock.now() - KEPT_MS;
    for (const [group, topics] of this.#groups) {
      for (const [topic, { lastMs }] of topics) if (lastMs < sinceMs) topics.delete(topic);
      if (topics.size === 0) this.#groups.delete(group);
    }
  }
}
