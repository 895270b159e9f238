import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { startScenario } from '../test/support/apache/javaScenario.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { BENCH_TOPIC, sidesOf } from './backend.ts';
import type { Side } from './backend.ts';
import { startBenchCluster } from './clusters.ts';
import type { Figure } from './figures.ts';
import { bothSides } from './producers.ts';

/** Enough that much of it is unread when the master dies. */
const MESSAGES = 6000;
const MS_EACH = 5;
const READ_BEFORE = 200;

/**
 * From the SIGKILL of a master to the next message that the official push consumer has from its slave. The client asks
 * for routes every half second here, in place of half a minute, and waits three seconds itself after a pull that failed.
 */
export async function measureFailover(runs: number): Promise<Figure[]> {
  const found = bothSides();
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) found[side].push(await failover(side));
  }
  return [{ name: 'SIGKILL of a master to the next message from its slave', unit: 'ms', ...found }];
}

async function failover(side: Side): Promise<number> {
  const cluster = await startBenchCluster(side, '2m-2s-async', 1);
  const place = makeTempDir('failover');
  const commands = path.join(place.path, 'commands');
  const { nameServer, nodes } = cluster;
  const clients = await startScenario('MastersDown', [BENCH_TOPIC, commands], {
    release: '5',
    nameServer,
    longLived: true,
  });
  const received = (): { readonly n: number; readonly atMs: number }[] =>
    clients
      .lines('received')
      .filter(({ broker }) => broker === 'broker-a')
      .map(({ n, at }) => ({ n: Number(n), atMs: Number(at) }));
  try {
    appendFileSync(commands, `produce 0 ${MESSAGES}\n`);
    await clients.untilLines('done');
    appendFileSync(commands, `consume ${MS_EACH}\n`);
    await clients.untilLines('received', READ_BEFORE);
    const killedMs = Date.now();
    process.kill(nodes.find(({ name }) => name === 'broker-a')?.pid ?? 0, 'SIGKILL');
    // Both queues, one after the other: what came of broker-b meanwhile says that the consumer goes on.
    const before = received().length;
    await clients.untilLines('received', MESSAGES);
    if (received().length <= before) throw new Error('nothing came from the slave');
    return longestSilence(
      killedMs,
      received().map(({ atMs }) => atMs),
    );
  } finally {
    await clients.stop();
    await cluster.stop();
    place.remove();
  }
}

/** What the consumer held when the master died comes without a pause; then nothing until its slave is asked. */
function longestSilence(killedMs: number, moments: readonly number[]): number {
  let lastMs = killedMs;
  let [longest, endedMs] = [0, killedMs];
  for (const atMs of moments.filter((moment) => moment > killedMs)) {
    if (atMs - lastMs > longest) [longest, endedMs] = [atMs - lastMs, atMs];
    lastMs = atMs;
  }
  return endedMs - killedMs;
}
