import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import { neverBack } from '../../base/neverBack.ts';

interface Waiter {
  readonly offset: number;
  readonly deadlineMs: number;
  readonly outcome: Deferred<boolean>;
}

/**
 * Senders that wait until slaves have what they sent, in the order of the log: the first one's time is over first, so
 * that one timer does for all. Source: GroupTransferService.java.
 */
export class ReplicaWaits implements Disposable {
  readonly #clock: Clock;
  readonly #now: () => number;
  #waiting: Waiter[] = [];
  /** Those before it are done with. */
  #first = 0;
  #reached = 0;
  #timer: Disposable | undefined;
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = neverBack(clock);
  }

  /** Resolves with true when the slaves have the log up to `offset`, with false when the time is over. */
  wait(offset: number, timeoutMs: number): Promise<boolean> {
    if (this.#disposed) return Promise.resolve(false);
    const waiter = { offset, deadlineMs: this.#now() + timeoutMs, outcome: new Deferred<boolean>() };
    this.#waiting.push(waiter);
    this.#timer ??= this.#clock.after(timeoutMs, () => this.#expire());
    return waiter.outcome.promise;
  }

  /** The slaves have the log up to `offset`. */
  reached(offset: number): void {
    this.#reached = offset;
    this.#settle(true, (waiter) => waiter.offset <= offset);
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#settle(false, () => true);
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#now();
    this.#settle(false, (waiter) => waiter.deadlineMs <= nowMs);
    // The first may have waited for bytes that were taken back, and those behind it for nothing.
    this.#settle(true, (waiter) => waiter.offset <= this.#reached);
    const next = this.#waiting[this.#first];
    if (next !== undefined) this.#timer = this.#clock.after(next.deadlineMs - nowMs, () => this.#expire());
  }

  #settle(outcome: boolean, isMeant: (waiter: Waiter) => boolean): void {
    for (
      let next = this.#waiting[this.#first];
      next !== undefined && isMeant(next);
      next = this.#waiting[this.#first]
    ) {
      this.#first += 1;
      next.outcome.resolve(outcome);
    }
    if (this.#first < 1024 && this.#first < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}
