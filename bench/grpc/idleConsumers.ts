import { BENCH_TOPIC, benchClient, pause, sidesOf, startBackend } from '../backend.ts';
import type { Figure } from '../figures.ts';
import { bothSides } from '../producers.ts';
import { processorMs, residentMib } from '../processUsage.ts';
import { createGroup } from './groups.ts';
import { startClient } from './officialClients.ts';

const QUEUES = 8;
const CONSUMERS = 500;
const GROUP = 'bench_idle';
/** Until the handshakes are forgotten and all ask for messages. */
const SETTLE_MS = 8000;
/** Every habit of theirs falls into it: assignments each 5 s, heartbeats each 10 s, routes and long polls each 30 s. */
const IDLE_MS = 30_000;

/**
 * Five hundred push consumers of the official Go client with nothing to consume, each with a connection, a stream of
 * telemetry and a long poll of its own. Go's, since five hundred of them fit into one process, and since what they ask
 * and how often is then nobody's guess.
 */
export async function measureGrpcIdle(runs: number): Promise<Figure[]> {
  const processor = bothSides();
  const memory = bothSides();
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side, {}, true);
      const client = await benchClient(backend.nameServer, QUEUES);
      try {
        await createGroup(backend, GROUP, QUEUES);
        const crowd = await startClient('Go', 'idle', backend.grpc, BENCH_TOPIC, GROUP, CONSUMERS);
        try {
          await crowd.untilLines('started');
          await pause(SETTLE_MS);
          const beganMs = processorMs(backend.brokerPid);
          await pause(IDLE_MS);
          processor[side].push(((processorMs(backend.brokerPid) - beganMs) / IDLE_MS) * 100);
          memory[side].push(residentMib(backend.brokerPid));
        } finally {
          await crowd.stop();
        }
      } finally {
        client.dispose();
        await backend.stop();
      }
    }
  }
  return [
    { name: 'gRPC, 500 idle push consumers, processor', unit: '% of a core', ...processor, target: { atMost: 5 } },
    { name: 'gRPC, 500 idle push consumers, memory', unit: 'MiB', ...memory },
  ];
}
