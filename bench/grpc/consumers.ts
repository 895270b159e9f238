import type { RunningScenario } from '../../test/support/scenario.ts';
import { BENCH_TOPIC, benchClient, pause, sidesOf, startBackend } from '../backend.ts';
import type { Backend } from '../backend.ts';
import { fill } from '../consumers.ts';
import type { Figure } from '../figures.ts';
import { bothSides } from '../producers.ts';
import { processorMs } from '../processUsage.ts';
import { createGroup } from './groups.ts';
import { startClient } from './officialClients.ts';
import type { Language } from './officialClients.ts';

const QUEUES = 8;
const BODY_BYTES = 128;
const MESSAGES = 100_000;
const LOOPS = 8;
/** Hundredths, one a line: neither the start of the program nor its last messages. */
const [FROM, TO] = [10, 95];
/** Where the machine is busy, the rate of so long a time counts. */
const MOST_MS = 30_000;

interface Consumer {
  readonly name: string;
  readonly language: Language;
  readonly command: 'consume' | 'push';
  readonly more: readonly number[];
}

const CONSUMERS: readonly Consumer[] = [
  { name: 'Java simple consumer, 8 at once', language: 'Java', command: 'consume', more: [LOOPS] },
  { name: 'Go simple consumer, 8 at once', language: 'Go', command: 'consume', more: [LOOPS] },
  { name: 'Java push consumer', language: 'Java', command: 'push', more: [] },
];

/** The official clients receive 100 000 messages and acknowledge each. What a client has acknowledged is its own word. */
export async function measureGrpcConsume(runs: number): Promise<Figure[]> {
  const found = CONSUMERS.map((consumer) => ({ consumer, rate: bothSides(), cost: bothSides() }));
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side, {}, true);
      const client = await benchClient(backend.nameServer, QUEUES);
      try {
        await fill(backend, client, MESSAGES * 1.1, BODY_BYTES);
        for (const { consumer, rate, cost } of found) {
          const consumed = await consume(backend, consumer);
          rate[side].push(consumed.rate);
          cost[side].push(consumed.processorUs);
        }
      } finally {
        client.dispose();
        await backend.stop();
      }
    }
  }
  return found.flatMap(({ consumer, rate, cost }) => [
    { name: `gRPC, official ${consumer.name}, of 100 000`, unit: '/s', ...rate, target: { ratioAtLeast: 1 } },
    { name: '  processor time of the broker a message', unit: 'µs', ...cost },
  ]);
}

async function consume(
  backend: Backend,
  { language, command, more }: Consumer,
): Promise<{ readonly rate: number; readonly processorUs: number }> {
  const group = `bench_${language}_${command}`;
  await createGroup(backend, group, QUEUES);
  const program = await startClient(language, command, backend.grpc, BENCH_TOPIC, group, MESSAGES, ...more);
  try {
    await program.untilLines('consumed', FROM);
    const beganMs = processorMs(backend.brokerPid);
    const from = progress(program);
    const untilMs = performance.now() + MOST_MS;
    while (program.lines('consumed').length < TO && performance.now() < untilMs) await pause(50);
    const spentMs = processorMs(backend.brokerPid) - beganMs;
    const to = progress(program);
    const count = to.count - from.count;
    return { rate: (count * 1000) / (to.atMs - from.atMs), processorUs: (spentMs * 1000) / count };
  } finally {
    await program.stop();
  }
}

function progress(program: RunningScenario): { readonly count: number; readonly atMs: number } {
  const line = program.lines('consumed').at(-1);
  return { count: Number(line?.['count']), atMs: Number(line?.['atMs']) };
}
