import path from 'node:path';
import { startLocalCluster } from '../test/support/localCluster.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { BENCH_TOPIC, connect, pause } from './backend.ts';
import type { Figure } from './figures.ts';
import { residentMib, proportionalMib } from './processUsage.ts';
import { send } from './requests.ts';

/** Past the first registration and collection. */
const SETTLE_MS = 5000;

/** Two NameServers, two masters and their slaves. */
export async function measureClusterStart(runs: number): Promise<Figure[]> {
  const readyMs: number[] = [];
  const resident: number[] = [];
  const shared: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const place = makeTempDir('bench-cluster');
    const began = performance.now();
    const cluster = await startLocalCluster(path.join(place.path, 'cluster'), ['--mode', '2m-2s-sync']);
    try {
      const { nodes, pid } = cluster.ready;
      await Promise.all(nodes.filter(({ role }) => role === 'master').map(({ address }) => sendOne(address)));
      readyMs.push(performance.now() - began);
      await pause(SETTLE_MS);
      const pids = [pid, ...nodes.map((node) => node.pid)];
      resident.push(pids.reduce((sum, one) => sum + residentMib(one), 0));
      shared.push(pids.reduce((sum, one) => sum + proportionalMib(one), 0));
    } finally {
      await cluster.stop();
      place.remove();
    }
  }
  return [
    { name: '2m-2s-sync to the first accepted sends', unit: 'ms', ours: readyMs, target: { atMost: 1500 } },
    { name: '2m-2s-sync, resident memory of all 7 processes', unit: 'MiB', ours: resident, target: { atMost: 450 } },
    { name: '2m-2s-sync, memory with shared pages counted once', unit: 'MiB', ours: shared },
  ];
}

async function sendOne(address: string): Promise<void> {
  const connection = await connect(address);
  try {
    await send(connection, { topic: BENCH_TOPIC, queueId: 0 }, Buffer.alloc(128, 'x'));
  } finally {
    connection.dispose();
  }
}
