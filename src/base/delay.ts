import type { Clock } from './clock.ts';

/** Resolves after `delayMs`, or as soon as the signal aborts: the caller looks at the signal. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const timer = clock.after(delayMs, end);
    signal?.addEventListener('abort', end, { once: true });
    function end(): void {
      timer.dispose();
      signal?.removeEventListener('abort', end);
      resolve();
    }
  });
}
