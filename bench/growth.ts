import { ResponseCode } from '../src/protocol/codes.ts';
import type { Connection } from '../src/remoting/connection.ts';
import { BENCH_TOPIC, benchClient, connect, startBackend, storedIn } from './backend.ts';
import { median, percentile } from './figures.ts';
import type { Figure } from './figures.ts';
import { pull, send } from './requests.ts';

/** Small files, so that many of them are a log of some hundred MiB; the small log is past what is held in memory. */
const FILE_BYTES = 64 * 1024;
const BODY = Buffer.alloc(1024, 'x');
const RECORDS_A_FILE = Math.floor(FILE_BYTES / 1200);
const SMALL = 500 * RECORDS_A_FILE;
const LARGE = 10_000 * RECORDS_A_FILE;
const SAMPLES = 1000;
const QUEUES = 4;

/** Latency of a send and of a pull at a random place, in a log of 500 files and of ten thousand. */
export async function measureGrowth(runs: number): Promise<Figure[]> {
  const found = { smallSend: [], largeSend: [], smallPull: [], largePull: [] } as Record<Name, number[]>;
  for (let run = 0; run < runs; run += 1) {
    const backend = await startBackend('ours', { mapedFileSizeCommitLog: FILE_BYTES });
    const client = await benchClient(backend.nameServer, QUEUES);
    const connection = await connect(backend.address);
    try {
      await sendMany(connection, SMALL);
      await latencies(connection, SMALL / QUEUES);
      const small = await latencies(connection, SMALL / QUEUES);
      await sendMany(connection, LARGE - (await storedIn(client, BENCH_TOPIC)));
      const large = await latencies(connection, LARGE / QUEUES);
      found.smallSend.push(small.send);
      found.smallPull.push(small.pull);
      found.largeSend.push(large.send);
      found.largePull.push(large.pull);
    } finally {
      connection.dispose();
      client.dispose();
      await backend.stop();
    }
  }
  const flat = (name: string, ours: readonly number[], few: readonly number[]): Figure => ({
    name,
    unit: 'ms',
    ours,
    target: { atMost: Number((median(few) * 1.5).toFixed(2)) },
  });
  return [
    { name: 'send, log of 500 files, p50', unit: 'ms', ours: found.smallSend },
    flat('send, log of 10 000 files, p50 (target: 1.5 of it)', found.largeSend, found.smallSend),
    { name: 'pull anywhere, log of 500 files, p50', unit: 'ms', ours: found.smallPull },
    flat('pull anywhere, log of 10 000 files, p50 (target: 1.5 of it)', found.largePull, found.smallPull),
  ];
}

type Name = 'smallSend' | 'largeSend' | 'smallPull' | 'largePull';

async function sendMany(connection: Connection, count: number): Promise<void> {
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < count) await send(connection, { topic: BENCH_TOPIC, queueId: sent++ % QUEUES }, BODY);
  };
  await Promise.all(Array.from({ length: 64 }, work));
}

async function latencies(
  connection: Connection,
  perQueue: number,
): Promise<{ readonly send: number; readonly pull: number }> {
  const sends: number[] = [];
  const pulls: number[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    const place = { topic: BENCH_TOPIC, queueId: index % QUEUES };
    let began = performance.now();
    await send(connection, place, BODY);
    sends.push(performance.now() - began);
    began = performance.now();
    const { code } = await pull(connection, place, Math.floor(Math.random() * (perQueue - 32)));
    if (code !== ResponseCode.SUCCESS) throw new Error(`the pull was answered with ${code}`);
    pulls.push(performance.now() - began);
  }
  return { send: percentile(sends, 50), pull: percentile(pulls, 50) };
}
