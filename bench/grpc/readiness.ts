import { startLocalBroker } from '../../test/support/localBroker.ts';
import { pause, startBackend } from '../backend.ts';
import type { Figure } from '../figures.ts';
import { residentMib } from '../processUsage.ts';

/** Past the first registration, flush and collection. */
const SETTLE_MS = 5000;
/** A start takes a fraction of a second, and one alone says little. */
const STARTS_A_RUN = 5;

/** What gRPC costs who does not use it: fork to ready, and memory when idle, with and without it. */
export async function measureGrpcReady(runs: number): Promise<Figure[]> {
  const readyMs = { on: [] as number[], off: [] as number[] };
  const memory = { on: [] as number[], off: [] as number[], apache: [] as number[] };
  for (let run = 0; run < runs; run += 1) {
    for (let start = 0; start < STARTS_A_RUN; start += 1) {
      for (const [grpc, port] of [
        ['on', '0'],
        ['off', 'off'],
      ] as const) {
        const broker = await startLocalBroker('--grpc-port', port);
        readyMs[grpc].push(broker.forkToReadyMs);
        if (start === 0) {
          await pause(SETTLE_MS);
          memory[grpc].push(residentMib(broker.pid));
        }
        await broker.stop();
      }
    }
    const apache = await startBackend('apache', {}, true);
    await pause(SETTLE_MS);
    memory.apache.push(apache.pids.reduce((sum, pid) => sum + residentMib(pid), 0));
    await apache.stop();
  }
  return [
    { name: 'fork to ready, gRPC on', unit: 'ms', ours: readyMs.on, target: { atMost: 400 } },
    { name: 'fork to ready, gRPC off', unit: 'ms', ours: readyMs.off },
    { name: 'memory, idle, gRPC on', unit: 'MiB', ours: memory.on, apache: memory.apache, target: { atMost: 120 } },
    { name: 'memory, idle, gRPC off', unit: 'MiB', ours: memory.off },
  ];
}
