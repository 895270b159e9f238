import type { ClusterClient } from '../src/client/clusterClient.ts';
import { BENCH_TOPIC, benchClient, pause, sidesOf, startBackend, storedIn } from './backend.ts';
import type { Backend, Side } from './backend.ts';
import type { Figure, Target } from './figures.ts';
import { startProducer } from './officialPrograms.ts';
import type { ProducerOptions } from './officialPrograms.ts';
import { processorMs } from './processUsage.ts';

/** From the first stored message: Java compiles the hot code of client and broker meanwhile. */
const WARM_UP_MS = 4000;
const MEASURED_MS = 5000;
const QUEUES = 8;

interface Load {
  readonly name: string;
  readonly options: ProducerOptions;
  readonly target: Target;
}

const SINGLE: readonly Load[] = [128, 1024].flatMap((bodyBytes) =>
  [1, 8, 64].map((threads) => ({
    name: `official producer, ${bodyBytes} B, ${threads} thread${threads === 1 ? '' : 's'}`,
    options: { threads, bodyBytes },
    target: { ratioAtLeast: threads === 1 ? 1 : 2 },
  })),
);

const BATCHES: readonly Load[] = [
  {
    name: 'official batch producer, 32 × 128 B, 64 threads',
    options: { threads: 64, bodyBytes: 128, batch: 32 },
    target: { atLeast: 100_000 },
  },
];

/** Apache's benchmark producer, one message a request: sizes and threads. */
export function measureProducer(runs: number): Promise<Figure[]> {
  return measure(SINGLE, runs);
}

/** Apache's benchmark producer of batches. */
export function measureBatch(runs: number): Promise<Figure[]> {
  return measure(BATCHES, runs);
}

/** Both brokers are there during a run, and take turns. */
async function measure(loads: readonly Load[], runs: number): Promise<Figure[]> {
  const found = loads.map(() => ({ rate: bothSides(), cost: bothSides() }));
  for (let run = 0; run < runs; run += 1) {
    const backends = { ours: await startBackend('ours'), apache: await startBackend('apache') };
    const clients = {
      ours: await benchClient(backends.ours.nameServer, QUEUES),
      apache: await benchClient(backends.apache.nameServer, QUEUES),
    };
    try {
      for (const [index, { options }] of loads.entries()) {
        for (const side of sidesOf(run)) {
          const { rate, processorUs } = await producerRate(backends[side], clients[side], options);
          found[index]?.rate[side].push(rate);
          found[index]?.cost[side].push(processorUs);
        }
      }
    } finally {
      for (const side of sidesOf(run)) {
        clients[side].dispose();
        await backends[side].stop();
      }
    }
  }
  return loads.flatMap(({ name, target }, index) => {
    const { rate = bothSides(), cost = bothSides() } = found[index] ?? {};
    return [
      { name, unit: '/s', ...rate, target },
      { name: '  processor time of the broker a message', unit: 'µs', ...cost },
    ];
  });
}

export interface ProducerRate {
  /** Messages that were stored a second. */
  readonly rate: number;
  readonly processorUs: number;
}

export async function producerRate(
  backend: Backend,
  client: ClusterClient,
  options: ProducerOptions,
): Promise<ProducerRate> {
  const before = await storedIn(client, BENCH_TOPIC);
  const producer = await startProducer(backend.nameServer, options);
  try {
    while ((await storedIn(client, BENCH_TOPIC)) === before) await pause(50);
    await pause(WARM_UP_MS);
    return await storingRate(backend, client, MEASURED_MS);
  } finally {
    await producer.stop();
  }
}

/** What is stored while somebody sends. */
export async function storingRate(backend: Backend, client: ClusterClient, forMs: number): Promise<ProducerRate> {
  const began = performance.now();
  const beganMs = processorMs(backend.brokerPid);
  const before = await storedIn(client, BENCH_TOPIC);
  await pause(forMs);
  const count = (await storedIn(client, BENCH_TOPIC)) - before;
  const seconds = (performance.now() - began) / 1000;
  return { rate: count / seconds, processorUs: ((processorMs(backend.brokerPid) - beganMs) * 1000) / count };
}

export function bothSides(): Record<Side, number[]> {
  return { ours: [], apache: [] };
}
