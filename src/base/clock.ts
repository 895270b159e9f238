import type { Disposable } from './disposable.ts';

/** Where time comes from. Production takes `systemClock`; tests pass one that they move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; disposing first means it is never called. */
  after(delayMs: number, callback: () => void): Disposable;
  /** Calls `callback` every `periodMs` until disposed. */
  every(periodMs: number, callback: () => void): Disposable;
  /** As `after`, for what looks around now and then: where time jumps over several rounds, one at the end is enough. */
  nextRound(delayMs: number, callback: () => void): Disposable;
}

/** The most that a timer of Node waits; with more it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (restMs: number): void => {
      const stepMs = Math.min(restMs, MAX_TIMER_MS);
      timer = setTimeout(() => (restMs > stepMs ? wait(restMs - stepMs) : callback()), stepMs);
    };
    wait(delayMs);
    return { dispose: () => clearTimeout(timer) };
  },
  nextRound: (delayMs, callback) => systemClock.after(delayMs, callback),
  every(periodMs, callback) {
    if (periodMs <= MAX_TIMER_MS) {
      const timer = setInterval(callback, periodMs);
      return { dispose: () => clearInterval(timer) };
    }
    let next: Disposable;
    const again = (): Disposable =>
      systemClock.after(periodMs, () => {
        next = again();
        callback();
      });
    next = again();
    return { dispose: () => next.dispose() };
  },
};
