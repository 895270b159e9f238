import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { isObject, objectAt, readBody } from '../../protocol/bodies/read.ts';
import { isLiteQueue } from '../../protocol/liteTopic.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { ConfigFile } from '../state/configFile.ts';
import { countsAfter, freeAt, popStateJson, readPopState } from './popState.ts';
import type { OrderedPop, PopState } from './popState.ts';

/** A queue that nobody pops for this long is forgotten. Source: ConsumerOrderInfoManager.java. */
const FORGET_MS = 24 * 3_600_000;

export interface OrderedPopsOptions {
  /** `config/consumerOrderInfo.json` */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long what happened may stay in memory only; after a crash messages since then come once more. */
  readonly saveDelayMs: number;
  /** Is there such a queue and group? What is not is forgotten. */
  readonly exists: (topic: string, group: string, queueId: number) => boolean;
  /** Called when the queue's last pop keeps others from it no longer. */
  readonly onFree: (topic: string, group: string, queueId: number) => void;
}

/** What a client is told about messages that it gets: how often each came before, and the least of that. */
export interface OrderCounts {
  readonly counts: ReadonlyMap<number, number>;
  readonly least: number;
}

/**
 * The last pop of each queue that a group pops in order: while its messages are neither acknowledged nor visible
 * again, nobody of the group gets more of the queue. Those of lite topics are in memory only. Source: ConsumerOrderInfoManager.java, in 5.5
 * QueueLevelConsumerManager.java; broker sheet §12.4.
 */
export class OrderedPops implements Disposable {
  readonly #options: OrderedPopsOptions;
  readonly #file: ConfigFile;
  readonly #queues = new Map<string, Map<number, PopState>>();
  readonly #timers = new Map<PopState, Disposable>();

  /** @throws CodedError `store-damaged` */
  constructor(options: OrderedPopsOptions) {
    this.#options = options;
    this.#file = new ConfigFile({ ...options, delayMs: options.saveDelayMs, content: () => this.encode() });
    this.#file.load((content) => this.#decode(content));
  }

  /** May somebody with this attempt id not pop the queue now? */
  isBlocked(topic: string, group: string, queueId: number, attemptId: string | undefined): boolean {
    const state = this.#find(topic, group, queueId);
    if (state === undefined || (attemptId !== undefined && state.attemptId === attemptId)) return false;
    return freeAt(state) > this.#options.clock.now();
  }

  /** Messages were given out. */
  note(pop: OrderedPop): OrderCounts {
    const { topic, group, queueId, attemptId, popTime, invisibleTime, offsets } = pop;
    const before = this.#find(topic, group, queueId);
    const counts = before === undefined ? new Map<number, number>() : countsAfter(before, pop);
    const state: PopState = {
      popTime,
      invisibleTime,
      attemptId,
      offsets,
      acked: new Set(),
      visibleAt: new Map(),
      suspended: new Set(),
      counts,
      lastMs: this.#options.clock.now(),
    };
    this.#set(topic, group, queueId, state);
    this.#plan(topic, group, queueId, state);
    this.#file.saveLater();
    return { counts, least: counts.size === offsets.length ? Math.min(...counts.values()) : 0 };
  }

  /**
   * One message was consumed. @returns the offset that the group has now, `stale` for a pop that is not the queue's
   * last, or `illegal` for a message that this pop did not give out
   */
  acknowledge(
    topic: string,
    group: string,
    queueId: number,
    offset: number,
    popTime: number,
  ): number | 'stale' | 'illegal' {
    const state = this.#find(topic, group, queueId);
    if (state === undefined) return offset + 1;
    if (state.popTime !== popTime) return 'stale';
    const place = state.offsets.indexOf(offset);
    if (place < 0) return 'illegal';
    state.acked.add(place);
    this.#plan(topic, group, queueId, state);
    this.#file.saveLater();
    const next = state.offsets.find((_, at) => !state.acked.has(at));
    return next ?? (state.offsets.at(-1) ?? offset) + 1;
  }

  /** A message of the queue's last pop becomes visible at another time; `suspend` says that this was no try. */
  setVisibleAt(
    message: { readonly topic: string; readonly group: string; readonly queueId: number; readonly offset: number },
    popTime: number,
    atMs: number,
    suspend: boolean,
  ): void {
    const { topic, group, queueId, offset } = message;
    const state = this.#find(topic, group, queueId);
    if (state?.popTime !== popTime) return;
    state.visibleAt.set(offset, atMs);
    if (suspend) state.suspended.add(offset);
    else state.suspended.delete(offset);
    this.#plan(topic, group, queueId, state);
    this.#file.saveLater();
  }

  /** After an operator set the group's offset. */
  clear(topic: string, group: string, queueId: number): void {
    const queues = this.#queues.get(keyOf(topic, group));
    const state = queues?.get(queueId);
    if (state === undefined) return;
    this.#drop(state);
    queues?.delete(queueId);
    this.#file.saveLater();
  }

  /** The topics were deleted: those of their names begin anew. */
  forget(topics: ReadonlySet<string>): void {
    for (const [key, queues] of this.#queues) {
      if (!topics.has(topicAndGroup(key)[0])) continue;
      for (const state of queues.values()) this.#drop(state);
      this.#queues.delete(key);
      this.#file.saveLater();
    }
  }

  encode(): Buffer {
    this.#forgetUnused();
    const table: Record<string, Map<number, object>> = {};
    let orderInfoCount = 0;
    for (const [key, queues] of this.#queues) {
      if (isLiteQueue(key)) continue;
      table[key] = new Map([...queues].map(([queueId, state]) => [queueId, popStateJson(state)]));
      orderInfoCount += queues.size;
    }
    return Buffer.from(stringifyFastjson({ orderInfoCount, orderedConsumptionLevel: 'QUEUE', table }));
  }

  dispose(): void {
    this.#file.dispose();
    for (const timer of this.#timers.values()) timer.dispose();
    this.#timers.clear();
  }

  #find(topic: string, group: string, queueId: number): PopState | undefined {
    return this.#queues.get(keyOf(topic, group))?.get(queueId);
  }

  #set(topic: string, group: string, queueId: number, state: PopState): void {
    const key = keyOf(topic, group);
    let queues = this.#queues.get(key);
    if (queues === undefined) this.#queues.set(key, (queues = new Map<number, PopState>()));
    const before = queues.get(queueId);
    if (before !== undefined) this.#drop(before);
    queues.set(queueId, state);
  }

  #drop(state: PopState): void {
    this.#timers.get(state)?.dispose();
    this.#timers.delete(state);
  }

  #plan(topic: string, group: string, queueId: number, state: PopState): void {
    this.#drop(state);
    const now = this.#options.clock.now();
    const at = freeAt(state);
    if (at <= now) return;
    const timer = this.#options.clock.after(at - now, () => {
      this.#timers.delete(state);
      this.#options.onFree(topic, group, queueId);
    });
    this.#timers.set(state, timer);
  }

  #forgetUnused(): void {
    const now = this.#options.clock.now();
    for (const [key, queues] of this.#queues) {
      const [topic, group] = topicAndGroup(key);
      for (const [queueId, state] of queues) {
        const isThere = isLiteQueue(topic) || this.#options.exists(topic, group, queueId);
        if (now - state.lastMs <= FORGET_MS && isThere) continue;
        this.#drop(state);
        queues.delete(queueId);
      }
      if (queues.size === 0) this.#queues.delete(key);
    }
  }

  #decode(content: Buffer): void {
    for (const [key, queues] of Object.entries(objectAt(readBody(content), 'table'))) {
      if (!isObject(queues)) continue;
      const [topic, group] = topicAndGroup(key);
      for (const [queueId, json] of Object.entries(queues)) {
        if (!isObject(json)) continue;
        const state = readPopState(json);
        this.#set(topic, group, Number(queueId), state);
        this.#plan(topic, group, Number(queueId), state);
      }
    }
  }
}

function keyOf(topic: string, group: string): string {
  return `${topic}@${group}`;
}

/** Neither holds the sign between them. */
function topicAndGroup(key: string): [string, string] {
  const at = key.indexOf('@');
  return [key.slice(0, at), key.slice(at + 1)];
}
