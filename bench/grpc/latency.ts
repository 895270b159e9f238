import { BENCH_TOPIC, benchClient, sidesOf, startBackend } from '../backend.ts';
import { percentile } from '../figures.ts';
import type { Figure } from '../figures.ts';
import { bothSides } from '../producers.ts';
import { createGroup } from './groups.ts';
import { LANGUAGES, startClient } from './officialClients.ts';
import type { Language } from './officialClients.ts';
import type { Backend } from '../backend.ts';

const QUEUES = 4;
/** The first of them find a client and a broker that were just started. */
const WARM_UP = 200;
const SECONDS = 15;
const PAUSE_MS = 10;

/** From the call of send to the listener of a push consumer in the same process, one message at a time. */
export async function measureGrpcLatency(runs: number): Promise<Figure[]> {
  const found = LANGUAGES.map((language) => ({ language, p50: bothSides(), p99: bothSides() }));
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side, {}, true);
      const client = await benchClient(backend.nameServer, QUEUES);
      try {
        for (const { language, p50, p99 } of found) {
          const latencies = await latenciesOf(backend, language);
          p50[side].push(percentile(latencies, 50));
          p99[side].push(percentile(latencies, 99));
        }
      } finally {
        client.dispose();
        await backend.stop();
      }
    }
  }
  return found.flatMap(({ language, p50, p99 }) => [
    { name: `gRPC, send to ${language} push consumer, p50`, unit: 'ms', ...p50 },
    { name: `gRPC, send to ${language} push consumer, p99`, unit: 'ms', ...p99, target: { atMost: 20 } },
  ]);
}

async function latenciesOf(backend: Backend, language: Language): Promise<number[]> {
  const group = `bench_${language}_latency`;
  await createGroup(backend, group, QUEUES);
  const program = await startClient(language, 'latency', backend.grpc, BENCH_TOPIC, group, SECONDS, PAUSE_MS);
  try {
    await program.untilLines('done');
    const latencies = program.lines('latency').map(({ us }) => Number(us) / 1000);
    return latencies.slice(Math.min(WARM_UP, latencies.length / 4));
  } finally {
    await program.stop();
  }
}
