import { startLocalBroker } from '../test/support/localBroker.ts';
import { residentMib } from './backend.ts';
import type { Figure } from './figures.ts';

/** How long the broker is left alone before its memory is read: past its first registration and flush. */
const SETTLE_MS = 3000;

/** From fork to the first send that would be accepted, and memory when idle. */
export async function measureStartup(runs: number): Promise<Figure[]> {
  const readyMs: number[] = [];
  const idleMib: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const broker = await startLocalBroker();
    readyMs.push(broker.forkToReadyMs);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    idleMib.push(residentMib(broker.pid));
    await broker.stop();
  }
  return [
    { name: 'fork to first accepted send', unit: 'ms', ours: readyMs, target: { atMost: 300 } },
    { name: 'idle memory', unit: 'MiB', ours: idleMib, target: { atMost: 100 } },
  ];
}
