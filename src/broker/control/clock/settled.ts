import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BrokerContext } from '../../brokerContext.ts';

/** Resolves when everything is delivered and written that was due, and what followed from it. */
export async function settled({ store, delayLevels, timers, pops }: BrokerContext): Promise<void> {
  for (;;) {
    await nextTurn();
    const written = store.isWriting ? new Promise((resolve) => store.whenWritten(resolve)) : undefined;
    const running = [written, delayLevels.running, timers?.running, pops.running].filter((one) => one !== undefined);
    if (running.length === 0) return;
    await Promise.allSettled(running);
  }
}
