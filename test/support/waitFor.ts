import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 20 s. */
  readonly timeoutMs?: number;
  readonly pollMs?: number;
  /** Said in the error, to show how far it came. */
  readonly details?: () => string | Promise<string>;
}

/**
 * Asks until `probe` answers with something other than `undefined` or `false`, and returns that. For real processes and
 * sockets alone: what can be told when to move (see FakeClock) is not waited for.
 * @throws Error naming `what` when the time is over
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 20_000, pollMs = 50, details }: WaitOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > deadlineMs) {
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${details ? `; ${await details()}` : ''}`);
    }
    await delay(pollMs);
  }
}
