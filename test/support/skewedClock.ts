import type { Clock } from '../../src/base/clock.ts';
import type { FakeClock } from './fakeClock.ts';

/** A clock whose time of the day can be set; its timers go by the time that passes, as those of a machine. */
export interface SkewedClock extends Clock {
  setBack(byMs: number): void;
}

export function skewedClock(clock: FakeClock): SkewedClock {
  let skewMs = 0;
  return {
    now: () => clock.now() + skewMs,
    after: (delayMs, callback) => clock.after(delayMs, callback),
    every: (periodMs, callback) => clock.every(periodMs, callback),
    nextRound: (delayMs, callback) => clock.nextRound(delayMs, callback),
    setBack: (byMs) => (skewMs -= byMs),
  };
}
