import type { Disposable } from './disposable.ts';

/** Where time comes from. Production takes `systemClock`; tests pass one that they move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; disposing first means it is never called. */
  after(delayMs: number, callback: () => void): Disposable;
  /** Calls `callback` every `periodMs` until disposed. */
  every(periodMs: number, callback: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { dispose: () => clearTimeout(timer) };
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    return { dispose: () => clearInterval(timer) };
  },
};
