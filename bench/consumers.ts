import type { ClusterClient } from '../src/client/clusterClient.ts';
import type { Connection } from '../src/remoting/connection.ts';
import { BENCH_TOPIC, benchClient, connect, pause, sidesOf, startBackend, storedIn } from './backend.ts';
import type { RunningProcess } from '../test/support/runningProcess.ts';
import { waitFor } from '../test/support/waitFor.ts';
import type { Backend } from './backend.ts';
import type { Figure } from './figures.ts';
import { startConsumer, startProducer } from './officialPrograms.ts';
import { bothSides, producerRate, storingRate } from './producers.ts';
import { processorMs } from './processUsage.ts';
import { consumerOffset } from './requests.ts';

const BACKLOG = 1_000_000;
const QUEUES = 8;
const FILL_TIMEOUT_MS = 600_000;
const PRODUCER = { threads: 64, bodyBytes: 128 };
/** The part of the backlog over which the rate is taken: neither the start of the program nor its last polls. */
const [FROM, TO] = [0.1, 0.95];

/**
 * Apache's benchmark consumer catches up on a million messages; then another group does, while the benchmark producer
 * sends. The queues' committed offsets, which its pulls carry, tell how far it is.
 */
export async function measureConsumer(runs: number): Promise<Figure[]> {
  const alone = bothSides();
  const cost = bothSides();
  const together = bothSides();
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side);
      const client = await benchClient(backend.nameServer, QUEUES);
      const connection = await connect(backend.address);
      try {
        await fill(backend, client, BACKLOG, PRODUCER.bodyBytes);
        const consumed = await consumerRate(backend, client, connection, 'bench_alone');
        const produced = await producerRate(backend, client, PRODUCER);
        const both = await bothRates(backend, client, connection);
        alone[side].push(consumed.rate);
        cost[side].push(consumed.processorUs);
        together[side].push(both.consumed / consumed.rate + both.produced / produced.rate);
      } finally {
        connection.dispose();
        client.dispose();
        await backend.stop();
      }
    }
  }
  return [
    { name: 'official consumer, catching up on 1 M', unit: '/s', ...alone, target: { ratioAtLeast: 1 } },
    { name: '  processor time of the broker a message', unit: 'µs', ...cost },
    {
      name: 'both at once, of what each does alone (1 is half and half)',
      unit: '',
      ...together,
      target: { atLeast: 0.8 },
    },
  ];
}

/** Stores at least `count` messages in the topic, in batches. */
export async function fill(backend: Backend, client: ClusterClient, count: number, bodyBytes: number): Promise<void> {
  const producer = await startProducer(backend.nameServer, { threads: 32, bodyBytes, batch: 32 });
  try {
    await waitFor('the backlog', async () => (await storedIn(client, BENCH_TOPIC)) >= count, {
      timeoutMs: FILL_TIMEOUT_MS,
      pollMs: 100,
    });
  } finally {
    await producer.stop();
  }
}

async function consumerRate(
  backend: Backend,
  client: ClusterClient,
  connection: Connection,
  group: string,
): Promise<{ readonly rate: number; readonly processorUs: number }> {
  const total = await storedIn(client, BENCH_TOPIC);
  const consumer = await startConsumer(backend.nameServer, group);
  try {
    const from = await untilConsumed(connection, group, total * FROM);
    const beganMs = processorMs(backend.brokerPid);
    const to = await untilConsumed(connection, group, total * TO);
    const count = to.count - from.count;
    return {
      rate: (count * 1000) / (to.atMs - from.atMs),
      processorUs: ((processorMs(backend.brokerPid) - beganMs) * 1000) / count,
    };
  } finally {
    await consumer.stop();
  }
}

const TOGETHER_WARM_UP_MS = 4000;
const TOGETHER_MS = 4000;

/** The producer is warm before the consumer starts, and the backlog lasts: who catches up is never held back by sends. */
async function bothRates(
  backend: Backend,
  client: ClusterClient,
  connection: Connection,
): Promise<{ readonly produced: number; readonly consumed: number }> {
  const group = 'bench_together';
  const total = await storedIn(client, BENCH_TOPIC);
  const producer = await startProducer(backend.nameServer, PRODUCER);
  let consumer: RunningProcess | undefined;
  try {
    await pause(TOGETHER_WARM_UP_MS);
    consumer = await startConsumer(backend.nameServer, group);
    const began = await untilConsumed(connection, group, total * FROM);
    const { rate: produced } = await storingRate(backend, client, TOGETHER_MS);
    const ended = await untilConsumed(connection, group, 0);
    if (ended.count > total) throw new Error('the consumer caught up with the producer: the backlog is too small');
    return { produced, consumed: ((ended.count - began.count) * 1000) / (ended.atMs - began.atMs) };
  } finally {
    await consumer?.stop();
    await producer.stop();
  }
}

async function untilConsumed(
  connection: Connection,
  group: string,
  wanted: number,
): Promise<{ readonly count: number; readonly atMs: number }> {
  const queues = Array.from({ length: QUEUES }, (_, queueId) => ({ topic: BENCH_TOPIC, queueId }));
  for (;;) {
    const offsets = await Promise.all(queues.map((place) => consumerOffset(connection, group, place)));
    const count = offsets.reduce((sum, offset) => sum + offset, 0);
    if (count >= wanted) return { count, atMs: performance.now() };
    await pause(50);
  }
}
