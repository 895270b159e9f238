import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Arrival } from '../store/messageToStore.ts';
import { WaitingLine } from './waitingLine.ts';

export interface HeldPop {
  readonly topic: string;
  readonly group: string;
  /** -1 is any queue. */
  readonly queueId: number;
  readonly untilMs: number;
  /** Absent means that any message is worth a look. */
  readonly matches?: ((arrival: Arrival) => boolean) | undefined;
  /** Called once: something arrived that matches, or the time is over. */
  readonly resume: () => void;
}

interface Waiting {
  readonly pop: HeldPop;
  readonly timer: Disposable;
}

type Queues = Map<number, WaitingLine<Waiting>>;

export interface HeldPopsOptions {
  readonly clock: Clock;
  /** Of one group and queue; one more is refused (`popPollingSize`). */
  readonly maxOfQueue: number;
  /** Of all (`maxPopPollingSize`). */
  readonly maxInAll: number;
  /** At each such offset of a queue a pop is resumed whatever its filter, so that the group moves on; 0 is never. */
  readonly forceInterval: number;
  readonly newestFirst?: boolean;
}

/**
 * Pops of queues without messages wait here. A message resumes one pop of each group, not all of them: only one can
 * have it. Source: PopLongPollingService.java; broker sheet §12.1, 7.
 */
export class HeldPops implements Disposable {
  readonly #topics = new Map<string, Map<string, Queues>>();
  readonly #options: HeldPopsOptions;
  #size = 0;

  constructor(options: HeldPopsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  count(topic: string, group: string, queueId: number): number {
    return this.#topics.get(topic)?.get(group)?.get(queueId)?.size ?? 0;
  }

  /** Until it is resumed; disposing forgets it. Undefined when too many wait already. */
  hold(pop: HeldPop): Disposable | undefined {
    const { clock, maxInAll, maxOfQueue } = this.#options;
    if (this.#size >= maxInAll || this.count(pop.topic, pop.group, pop.queueId) > maxOfQueue) return undefined;
    const delayMs = Math.max(0, pop.untilMs - clock.now());
    const held: Waiting = { pop, timer: clock.after(delayMs, () => this.#resume(held)) };
    this.#obtain(pop).add(held);
    this.#size += 1;
    return { dispose: () => void this.#forget(held) };
  }

  /** A message can be read: one pop of each group that waits for its queue, and one that waits for any queue. */
  arrived(arrival: Arrival): void {
    const groups = this.#topics.get(arrival.topic);
    if (groups === undefined) return;
    const { forceInterval } = this.#options;
    const isForced = forceInterval > 0 && arrival.offset % forceInterval === 0;
    // A copy: who is resumed may be held once more before the next group has its turn.
    for (const queues of [...groups.values()]) {
      for (const queueId of [-1, arrival.queueId]) {
        const held = this.#next(queues.get(queueId));
        if (held !== undefined && (isForced || held.pop.matches?.(arrival) !== false)) this.#resume(held);
      }
    }
  }

  /** Resumes one pop of the group, whatever it waits for in the topic: of that queue, of any queue, or of another. */
  wake(topic: string, group: string, queueId?: number): void {
    const queues = this.#topics.get(topic)?.get(group);
    if (queues === undefined) return;
    const ids = queueId === undefined ? [-1, ...queues.keys()] : [-1, queueId];
    for (const id of ids) {
      const held = this.#next(queues.get(id));
      if (held === undefined) continue;
      this.#resume(held);
      return;
    }
  }

  /** Nobody is resumed any more. */
  dispose(): void {
    for (const groups of this.#topics.values()) {
      for (const queues of groups.values()) {
        for (const waiting of queues.values()) for (const { timer } of waiting.all()) timer.dispose();
      }
    }
    this.#topics.clear();
    this.#size = 0;
  }

  #next(waiting: WaitingLine<Waiting> | undefined): Waiting | undefined {
    return this.#options.newestFirst === true ? waiting?.last : waiting?.first;
  }

  #obtain({ topic, group, queueId }: HeldPop): WaitingLine<Waiting> {
    let groups = this.#topics.get(topic);
    if (groups === undefined) this.#topics.set(topic, (groups = new Map<string, Queues>()));
    let queues = groups.get(group);
    if (queues === undefined) groups.set(group, (queues = new Map<number, WaitingLine<Waiting>>()));
    let waiting = queues.get(queueId);
    if (waiting === undefined) queues.set(queueId, (waiting = new WaitingLine<Waiting>()));
    return waiting;
  }

  #resume(held: Waiting): void {
    if (this.#forget(held)) held.pop.resume();
  }

  /** Leaves no empty table behind. @returns false when it was resumed or forgotten before */
  #forget(held: Waiting): boolean {
    const { topic, group, queueId } = held.pop;
    held.timer.dispose();
    const groups = this.#topics.get(topic);
    const queues = groups?.get(group);
    const waiting = queues?.get(queueId);
    if (waiting?.delete(held) !== true) return false;
    this.#size -= 1;
    if (waiting.size === 0) queues?.delete(queueId);
    if (queues?.size === 0) groups?.delete(group);
    if (groups?.size === 0) this.#topics.delete(topic);
    return true;
  }
}
