import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { MessageFilter } from '../protocol/filter/messageFilter.ts';
import type { Arrival } from './store/messageToStore.ts';

export interface HeldPull {
  readonly group: string;
  /** The pull waits for a message at this offset or later. */
  readonly offset: number;
  readonly timeoutMs: number;
  readonly filter: MessageFilter;
  /** Called once: something arrived that matches, the group reads otherwise now, or the time is over. */
  readonly resume: () => void;
}

interface Waiting {
  readonly pull: HeldPull;
  readonly timer: Disposable;
}

/** Pulls at the end of a queue wait here for a message. Source: PullRequestHoldService.java; broker sheet §6.4. */
export class HeldPulls implements Disposable {
  readonly #topics = new Map<string, Map<number, Set<Waiting>>>();
  readonly #clock: Clock;
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    let count = 0;
    for (const queues of this.#topics.values()) for (const waiting of queues.values()) count += waiting.size;
    return count;
  }

  /** Until it is resumed; disposing forgets it. */
  hold(topic: string, queueId: number, pull: HeldPull): Disposable {
    if (this.#disposed) return { dispose: () => undefined };
    let queues = this.#topics.get(topic);
    if (queues === undefined) this.#topics.set(topic, (queues = new Map<number, Set<Waiting>>()));
    let waiting = queues.get(queueId);
    if (waiting === undefined) queues.set(queueId, (waiting = new Set<Waiting>()));
    const set = waiting;
    const held: Waiting = { pull, timer: this.#clock.after(pull.timeoutMs, () => this.#resume(set, held)) };
    waiting.add(held);
    return { dispose: () => void forget(set, held) };
  }

  /** Resumes who waits for this message; those whose filter refuses it go on waiting. */
  wake({ topic, queueId, offset, tagsCode, properties }: Arrival): void {
    const waiting = this.#topics.get(topic)?.get(queueId);
    if (waiting === undefined || waiting.size === 0) return;
    for (const held of [...waiting]) {
      const { filter } = held.pull;
      if (offset < held.pull.offset || !filter.matchesCode(tagsCode)) continue;
      if (filter.matchesProperties?.(properties) !== false) this.#resume(waiting, held);
    }
  }

  /** Resumes all of a group, after its subscriptions changed: what they were held with no longer counts. */
  wakeGroup(group: string): void {
    for (const queues of this.#topics.values()) {
      for (const waiting of queues.values()) {
        for (const held of [...waiting]) if (held.pull.group === group) this.#resume(waiting, held);
      }
    }
  }

  /** Nobody is resumed any more. */
  dispose(): void {
    this.#disposed = true;
    for (const queues of this.#topics.values()) {
      for (const waiting of queues.values()) for (const held of waiting) held.timer.dispose();
    }
    this.#topics.clear();
  }

  #resume(waiting: Set<Waiting>, held: Waiting): void {
    if (forget(waiting, held)) held.pull.resume();
  }
}

/** @returns false when it was resumed or forgotten before */
function forget(waiting: Set<Waiting>, held: Waiting): boolean {
  held.timer.dispose();
  return waiting.delete(held);
}
