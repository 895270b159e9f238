import type { Clock } from './clock.ts';

/**
 * A time for durations: where the clock is set back it stands still until the next look, and goes on from there, so that
 * nothing waits for as long as the clock was set back. It is no time of the day.
 */
export function neverBack(clock: Pick<Clock, 'now'>): () => number {
  let backMs = 0;
  let lastMs = clock.now();
  return () => {
    const nowMs = clock.now() + backMs;
    if (nowMs < lastMs) backMs += lastMs - nowMs;
    else lastMs = nowMs;
    return lastMs;
  };
}
