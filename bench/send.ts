import type { ClusterClient } from '../src/client/clusterClient.ts';
import { BENCH_TOPIC, benchClient, sidesOf, startBackend } from './backend.ts';
import type { Figure } from './figures.ts';

const BODY = Buffer.alloc(128, 'x');
const WARM_UP_MS = 2000;
const MEASURED_MS = 4000;

/** Acknowledged sends per second on one connection of our client: one after the other, and 64 in flight. */
export async function measureSend(runs: number): Promise<Figure[]> {
  const rates = {
    ours: { one: [] as number[], many: [] as number[] },
    apache: { one: [] as number[], many: [] as number[] },
  };
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side);
      const client = await benchClient(backend.nameServer);
      try {
        await sendsPerSecond(client, 8, WARM_UP_MS);
        rates[side].one.push(await sendsPerSecond(client, 1, MEASURED_MS));
        rates[side].many.push(await sendsPerSecond(client, 64, MEASURED_MS));
      } finally {
        client.dispose();
        await backend.stop();
      }
    }
  }
  const { ours, apache } = rates;
  return [
    {
      name: 'sync sends, 128 B, 1 in flight',
      unit: '/s',
      ours: ours.one,
      apache: apache.one,
      target: { atLeast: 10_000 },
    },
    { name: 'sends, 128 B, 64 in flight', unit: '/s', ours: ours.many, apache: apache.many },
  ];
}

async function sendsPerSecond(client: ClusterClient, inFlight: number, forMs: number): Promise<number> {
  const began = performance.now();
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - began < forMs) {
      await client.send({ topic: BENCH_TOPIC, body: BODY });
      sent += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return sent / ((performance.now() - began) / 1000);
}
