import { startLocalBroker } from '../test/support/localBroker.ts';
import type { Figure } from './figures.ts';

/** From fork to the first send that would be accepted. */
export async function measureStartup(runs: number): Promise<Figure[]> {
  const readyMs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const broker = await startLocalBroker();
    readyMs.push(broker.forkToReadyMs);
    await broker.stop();
  }
  return [{ name: 'fork to first accepted send', unit: 'ms', ours: readyMs, target: { atMost: 300 } }];
}
