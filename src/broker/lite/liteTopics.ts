import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { LITE_QUEUE_ID, liteQueueParts } from '../../protocol/liteTopic.ts';
import type { BrokerConfig } from '../config.ts';
import type { Pops } from '../pop/pops.ts';
import type { ConsumerOffsets } from '../state/consumerOffsets.ts';
import type { Topics } from '../state/topics.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { LiteSubscriptions } from './liteSubscriptions.ts';

const MINUTE_MS = 60_000;

/** The attribute of a topic that says how many minutes its lite topics live without a message. */
const EXPIRATION = 'lite.topic.expiration';

interface Parts {
  /** Of messages. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: Topics;
  readonly offsets: ConsumerOffsets;
  readonly pops: Pops;
}

/** The lite topics of a broker: who reads them, how many there are, and when they go. Source: LiteLifecycleManager.java of 5.5.0. */
export class LiteTopics implements Disposable {
  readonly subscriptions = new LiteSubscriptions();
  readonly #parts: Parts;
  readonly #startedMs: number;
  readonly #arrivals: Disposable;
  #count = 0;
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
    this.#recount();
    this.#arrivals = parts.store.onLightArrival(({ name, offset }) => {
      if (offset === 0) this.#count += 1;
      this.subscriptions.wake(name);
      this.#plan();
    });
    if (this.#count > 0) this.#plan();
  }

  /** Is there no room for one more? */
  lacksRoomFor(queue: string): boolean {
    const { store, config } = this.#parts;
    return this.#count >= config.maxLmqConsumeQueueNum && !store.hasQueue(queue, LITE_QUEUE_ID);
  }

  /** Settles when lite topics that are expired now are gone. */
  removeExpired(): Promise<void> {
    const { logger } = this.#parts;
    this.#running ??= this.#removeExpired()
      .catch((error: unknown) => logger.error(`expired lite topics are left: ${errorText(error)}`))
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Those of a topic that was deleted. */
  async forget(topic: string): Promise<void> {
    const queues = this.#queuesWhere((parent) => parent === topic);
    this.subscriptions.removeTopic(topic);
    await this.#remove(queues, () => true);
  }

  async stop(): Promise<void> {
    this.dispose();
    await this.#running;
  }

  dispose(): void {
    this.#stopped = true;
    this.#arrivals.dispose();
    this.#timer?.dispose();
  }

  /** There is nothing to look at before the first message. */
  #plan(): void {
    if (this.#stopped) return;
    const { clock, config } = this.#parts;
    this.#timer ??= clock.after(config.liteTtlCheckInterval, () => {
      void this.removeExpired().then(() => {
        this.#timer = undefined;
        if (this.#count > 0) this.#plan();
      });
    });
  }

  /** Source: AbstractLiteLifecycleManager.java, isLiteTopicExpired. */
  async #removeExpired(): Promise<void> {
    const { clock, config, logger, store } = this.#parts;
    this.#recount();
    if (clock.now() - this.#startedMs < config.minLiteTTl) return;
    const idle = new Map<string, number>();
    for (const queue of this.#queuesWhere((topic) => this.#lifeOf(topic) > 0)) {
      if (this.#stopped) return;
      const lifeMs = Math.max(config.minLiteTTl, this.#lifeOf(liteQueueParts(queue)?.topic ?? '') * MINUTE_MS);
      const end = store.maxOffset(queue, LITE_QUEUE_ID);
      if (end > 0 && clock.now() - (await this.#storedMs(queue, end - 1)) > lifeMs) idle.set(queue, end);
    }
    // Who subscribes still does: the lite topic may come again.
    const expired = await this.#remove(
      [...idle.keys()],
      (queue) => store.maxOffset(queue, LITE_QUEUE_ID) === idle.get(queue),
    );
    if (expired > 0) logger.info(`${expired} lite topics expired`);
  }

  #recount(): void {
    this.#count = this.#queuesWhere(() => true).length;
  }

  /** In minutes; none lives for ever. */
  #lifeOf(topic: string): number {
    return Number(this.#parts.topics.get(topic)?.attributes[EXPIRATION] ?? -1);
  }

  #queuesWhere(isMeant: (topic: string) => boolean): string[] {
    return [...this.#parts.store.topicNames()].filter((name) => {
      const parts = liteQueueParts(name);
      return parts !== undefined && isMeant(parts.topic);
    });
  }

  /** 0 for what is in the log no more. */
  async #storedMs(queue: string, offset: number): Promise<number> {
    const { store } = this.#parts;
    const entry = await store.entry(queue, LITE_QUEUE_ID, offset);
    const record = entry && (await store.record(entry.physicalOffset));
    return record === undefined ? 0 : decodeMessage(record).storeTimestamp;
  }

  /** A message that came while others were removed keeps its queue, and each group its place there. @returns how many went */
  async #remove(queues: readonly string[], mayGo: (queue: string) => boolean): Promise<number> {
    if (queues.length === 0) return 0;
    const { store, offsets, pops } = this.#parts;
    let removed = 0;
    await store.deleteTopics(queues, (queue) => {
      if (!mayGo(queue)) return false;
      offsets.deleteTopic(queue);
      pops.orders.forget(new Set([queue]));
      this.#count -= 1;
      removed += 1;
      return true;
    });
    return removed;
  }
}
