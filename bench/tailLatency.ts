import { Deferred } from '../src/base/deferred.ts';
import { BENCH_TOPIC, benchClient, sidesOf, startBackend } from './backend.ts';
import { percentile } from './figures.ts';
import type { Figure } from './figures.ts';

const WARM_UP = 200;
const MEASURED = 1000;

/** From the call of send to the message in the hands of a tail in the same process, one message at a time. */
export async function measureTailLatency(runs: number): Promise<Figure[]> {
  const p50 = { ours: [] as number[], apache: [] as number[] };
  const p99 = { ours: [] as number[], apache: [] as number[] };
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side);
      try {
        const latencies = await latenciesOf(backend.nameServer);
        p50[side].push(percentile(latencies, 50));
        p99[side].push(percentile(latencies, 99));
      } finally {
        await backend.stop();
      }
    }
  }
  return [
    { name: 'send to tail, p50', unit: 'ms', ours: p50.ours, apache: p50.apache },
    { name: 'send to tail, p99', unit: 'ms', ours: p99.ours, apache: p99.apache },
  ];
}

async function latenciesOf(nameServer: string): Promise<number[]> {
  const client = await benchClient(nameServer);
  const tail = client.tail(BENCH_TOPIC, { from: 'earliest' });
  let awaited = { body: '', seen: new Deferred<undefined>() };
  tail.onMessages((messages) => {
    if (messages.some((message) => message.body.toString() === awaited.body)) awaited.seen.resolve(undefined);
  });
  const latencies: number[] = [];
  for (let index = 0; index < WARM_UP + MEASURED; index += 1) {
    awaited = { body: String(index), seen: new Deferred() };
    const began = performance.now();
    await client.send({ topic: BENCH_TOPIC, body: Buffer.from(awaited.body) });
    await awaited.seen.promise;
    if (index >= WARM_UP) latencies.push(performance.now() - began);
  }
  client.dispose();
  return latencies;
}
