import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import path from 'node:path';

import { build } from 'esbuild';

import { parseAddress } from '../src/remoting/address.ts';
import { repository } from '../test/support/repository.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { BENCH_TOPIC, benchClient, connect, createTopic, pause, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { percentile } from './figures.ts';
import type { Figure } from './figures.ts';
import { sendFor } from './frames.ts';
import { send } from './requests.ts';
import type { Turn } from './turnMonitor.ts';

const BODY = Buffer.alloc(1024, 'x');
const STORED = 900_000;
const QUEUES = 8;
const TOPICS = 10_000;
/** Until the checkpoint after the last message is written, and the topics are told to the NameServer. */
const SETTLE_MS = 40_000;
/** A few milliseconds. */
const TARGET = { atMost: 10 };

type Work = 'stored' | 'created' | 'flushed';

/** For how long our broker's event loop is held up while it stores 1 GiB, and with ten thousand topics. */
export async function measureLoop(runs: number): Promise<Figure[]> {
  const found: Record<Work, (readonly Turn[])[]> = { stored: [], created: [], flushed: [] };
  const note = (work: Work, turns: readonly Turn[]): void => void found[work].push(turns);
  for (let run = 0; run < runs; run += 1) {
    const monitored = await startMonitored();
    const { backend, takeTurns } = monitored;
    const client = await benchClient(backend.nameServer, QUEUES);
    try {
      // The code is compiled by then.
      await store(backend, STORED / 10);
      await takeTurns();
      await store(backend, STORED);
      note('stored', await takeTurns());
      await inParallel(TOPICS, (index) => createTopic(client, `${BENCH_TOPIC}-${index}`, 4));
      note('created', await takeTurns());
      // Not before: it would be closed for being idle.
      const connection = await connect(backend.address);
      await inParallel(TOPICS, (index) => send(connection, { topic: `${BENCH_TOPIC}-${index}`, queueId: 0 }, BODY));
      connection.dispose();
      await pause(SETTLE_MS);
      note('flushed', await takeTurns());
    } finally {
      client.dispose();
      await monitored.stop();
    }
  }
  const figures = (what: string, work: Work): Figure[] => {
    const at = (part: keyof Turn, percent: number): number[] =>
      found[work].map((turns) =>
        percentile(
          turns.map((turn) => turn[part]),
          percent,
        ),
      );
    return [
      { name: `event loop held up, ${what}, longest`, unit: 'ms', ours: at('held', 100) },
      { name: `event loop held up, ${what}, p99.9`, unit: 'ms', ours: at('held', 99.9), target: TARGET },
      { name: `  computing, longest turn`, unit: 'ms', ours: at('computed', 100) },
      { name: `  computing, p99.9`, unit: 'ms', ours: at('computed', 99.9), target: TARGET },
      { name: `  collections, longest turn`, unit: 'ms', ours: at('collected', 100) },
    ];
  };
  return [
    ...figures('1 GiB stored at full speed', 'stored'),
    ...figures('10 000 topics made', 'created'),
    ...figures('10 000 queues flushed', 'flushed'),
  ];
}

interface Monitored {
  readonly backend: Backend;
  /** In ms, since the call before. */
  readonly takeTurns: () => Promise<readonly Turn[]>;
  readonly stop: () => Promise<void>;
}

async function startMonitored(): Promise<Monitored> {
  const dir = makeTempDir('bench-loop');
  const file = path.join(dir.path, 'turns.json');
  const outfile = path.join(dir.path, 'turnMonitor.cjs');
  await build({
    absWorkingDir: repository,
    entryPoints: ['bench/turnMonitor.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  const { NODE_OPTIONS } = process.env;
  Object.assign(process.env, { NODE_OPTIONS: `--require=${outfile}`, BENCH_TURNS_FILE: file });
  const backend = await startBackend('ours');
  if (NODE_OPTIONS === undefined) delete process.env['NODE_OPTIONS'];
  else process.env['NODE_OPTIONS'] = NODE_OPTIONS;
  return {
    backend,
    takeTurns: async () => {
      rmSync(file, { force: true });
      process.kill(backend.brokerPid, 'SIGUSR2');
      while (!existsSync(file)) await pause(5);
      return JSON.parse(readFileSync(file, 'utf8')) as Turn[];
    },
    stop: async () => {
      await backend.stop();
      dir.remove();
    },
  };
}

/** Many messages of 1 KiB, 64 at once. */
async function store({ address }: Backend, count: number): Promise<void> {
  const { host, port } = parseAddress(address);
  const socket = connectSocket({ host, port, noDelay: true });
  try {
    const answered = sendFor(socket, { together: 64, bodyBytes: BODY.length, batch: 1 });
    while (answered() < count) await pause(20);
  } finally {
    socket.destroy();
  }
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 8 }, one));
}
