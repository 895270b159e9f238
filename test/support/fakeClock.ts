import type { Clock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposable.ts';

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #settle: () => Promise<void>;
  #sequence = 0;
  readonly #timers = new Set<Timer>();

  /** @param settle resolves when what a timer began is over; default: when promises have settled */
  constructor(nowMs = Date.UTC(2026, 0, 1), settle = settlePromises) {
    this.#nowMs = nowMs;
    this.#settle = settle;
  }

  /** How many timers wait; 0 after everything under test was disposed. */
  get pendingCount(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Disposable {
    return this.#add(delayMs, undefined, callback);
  }

  nextRound(delayMs: number, callback: () => void): Disposable {
    return this.after(delayMs, callback);
  }

  every(periodMs: number, callback: () => void): Disposable {
    return this.#add(periodMs, periodMs, callback);
  }

  /** Moves time on and calls what falls due, in order of time, then of creation; also timers set on the way. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#nowMs = timer.dueMs;
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueMs += timer.periodMs;
      timer.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Like `advance`, and lets what every timer began settle, for code that awaits between two of them. */
  async advanceAsync(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.#settle();
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.advance(timer.dueMs - this.#nowMs);
      await this.#settle();
    }
    this.advance(untilMs - this.#nowMs);
  }

  #add(delayMs: number, periodMs: number | undefined, callback: () => void): Disposable {
    if (periodMs !== undefined && periodMs <= 0)
      throw new RangeError(`a period of ${periodMs} ms never lets time move`);
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), periodMs, callback, sequence: this.#sequence++ };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      const earlier =
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.sequence < next.sequence);
      if (earlier) next = timer;
    }
    return next;
  }
}

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
  readonly sequence: number;
}

/** One turn of the event loop: every promise that could settle has settled. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
