import type { ClusterMode } from '../src/broker/control.ts';
import { BENCH_TOPIC, pause, storedIn } from './backend.ts';
import { startBenchCluster } from './clusters.ts';
import type { BenchCluster } from './clusters.ts';
import { median } from './figures.ts';
import type { Figure } from './figures.ts';
import { startProducer } from './officialPrograms.ts';
import { processorMs } from './processUsage.ts';

const MODES = ['2m-noslave', '2m-2s-async', '2m-2s-sync'] as const satisfies readonly ClusterMode[];
const LOADS = [
  { name: '1 KiB, 8 threads', threads: 8, bodyBytes: 1024 },
  { name: '1 KiB, 64 threads', threads: 64, bodyBytes: 1024 },
];
/** Of a master. */
const QUEUES = 4;
const WARM_UP_MS = 4000;
const MEASURED_MS = 5000;

interface Measured {
  readonly rate: number[];
  /** Of the masters, a message. */
  readonly mastersUs: number[];
  readonly slavesUs: number[];
}

/** What slaves cost: Apache's benchmark producer with two masters alone, with slaves, and where it waits for them. */
export async function measureClusterModes(runs: number): Promise<Figure[]> {
  const found = LOADS.map(() => new Map(MODES.map((mode) => [mode, empty()])));
  for (let run = 0; run < runs; run += 1) {
    // Who comes first finds the machine otherwise.
    for (const mode of run % 2 === 0 ? MODES : [...MODES].reverse()) {
      const cluster = await startBenchCluster('ours', mode, QUEUES);
      try {
        for (const [index, load] of LOADS.entries()) await measure(cluster, load, found[index]?.get(mode) ?? empty());
      } finally {
        await cluster.stop();
      }
    }
  }
  return LOADS.flatMap(({ name }, index) => figuresOf(name, (mode) => found[index]?.get(mode) ?? empty()));
}

function empty(): Measured {
  return { rate: [], mastersUs: [], slavesUs: [] };
}

async function measure(
  { nameServer, client, nodes }: BenchCluster,
  load: { readonly threads: number; readonly bodyBytes: number },
  into: Measured,
): Promise<void> {
  const spent = (role: string): number =>
    nodes.filter((node) => node.role === role).reduce((sum, { pid }) => sum + processorMs(pid), 0);
  const before = await storedIn(client, BENCH_TOPIC);
  const producer = await startProducer(nameServer, load);
  try {
    while ((await storedIn(client, BENCH_TOPIC)) === before) await pause(50);
    await pause(WARM_UP_MS);
    const began = performance.now();
    const [mastersMs, slavesMs] = [spent('master'), spent('slave')];
    const first = await storedIn(client, BENCH_TOPIC);
    await pause(MEASURED_MS);
    const count = (await storedIn(client, BENCH_TOPIC)) - first;
    into.rate.push(count / ((performance.now() - began) / 1000));
    into.mastersUs.push(((spent('master') - mastersMs) * 1000) / count);
    into.slavesUs.push(((spent('slave') - slavesMs) * 1000) / count);
  } finally {
    await producer.stop();
  }
}

function figuresOf(load: string, of: (mode: (typeof MODES)[number]) => Measured): Figure[] {
  const [alone, async, sync] = [of('2m-noslave'), of('2m-2s-async'), of('2m-2s-sync')];
  const share = (part: Measured, whole: Measured): number => (100 * median(part.rate)) / median(whole.rate);
  return [
    { name: `2m-noslave, official producer, ${load}`, unit: '/s', ours: alone.rate },
    { name: '  2m-2s-async', unit: '/s', ours: async.rate },
    { name: '  2m-2s-async, of 2m-noslave', unit: '%', ours: [share(async, alone)], target: { atLeast: 95 } },
    { name: '  2m-2s-sync', unit: '/s', ours: sync.rate },
    { name: '  2m-2s-sync, slower than 2m-2s-async by', unit: '%', ours: [100 - share(sync, async)] },
    { name: '  processor time a message, masters alone', unit: 'µs', ours: alone.mastersUs },
    { name: '  processor time a message, masters of async', unit: 'µs', ours: async.mastersUs },
    { name: '  processor time a message, masters of sync', unit: 'µs', ours: sync.mastersUs },
    { name: '  processor time a message, slaves of async', unit: 'µs', ours: async.slavesUs },
    { name: '  processor time a message, slaves of sync', unit: 'µs', ours: sync.slavesUs },
  ];
}
