import { BENCH_TOPIC, benchClient, connect, createTopic, pause, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { fill } from './consumers.ts';
import type { Figure } from './figures.ts';
import { bothSides } from './producers.ts';
import { residentMib } from './processUsage.ts';
import { send } from './requests.ts';

/** Past the first registration, flush and collection. */
const SETTLE_MS = 5000;
const MESSAGES = 1_000_000;
const TOPICS = 10_000;

/** Resident memory of broker and NameServer together: idle, and after a million messages of 1 KiB. */
export async function measureMemory(runs: number): Promise<Figure[]> {
  const idle = bothSides();
  const filled = bothSides();
  const topics: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    for (const side of ['ours', 'apache'] as const) {
      const backend = await startBackend(side);
      const client = await benchClient(backend.nameServer, 8);
      try {
        await pause(SETTLE_MS);
        idle[side].push(memoryOf(backend));
        await fill(backend, client, MESSAGES, 1024);
        await pause(SETTLE_MS);
        filled[side].push(memoryOf(backend));
      } finally {
        client.dispose();
        await backend.stop();
      }
    }
    topics.push(await withTopics());
  }
  return [
    { name: 'memory, idle', unit: 'MiB', ...idle, target: { atMost: 100 } },
    { name: 'memory, after 1 M messages of 1 KiB', unit: 'MiB', ...filled, target: { atMost: 200 } },
    { name: 'memory, 10 000 topics with a message each', unit: 'MiB', ours: topics, target: { atMost: 300 } },
  ];
}

function memoryOf({ pids }: Backend): number {
  return pids.reduce((sum, pid) => sum + residentMib(pid), 0);
}

async function withTopics(): Promise<number> {
  const backend = await startBackend('ours');
  const client = await benchClient(backend.nameServer);
  const connection = await connect(backend.address);
  try {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < TOPICS) {
        const topic = `${BENCH_TOPIC}-${next++}`;
        await createTopic(client, topic, 4);
        await send(connection, { topic, queueId: 0 }, Buffer.alloc(128, 'x'));
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    await pause(SETTLE_MS);
    return memoryOf(backend);
  } finally {
    connection.dispose();
    client.dispose();
    await backend.stop();
  }
}
