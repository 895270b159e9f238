import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';

import { encodeBatch } from '../src/protocol/batch.ts';
import { RequestCode } from '../src/protocol/codes.ts';
import { request } from '../src/protocol/command.ts';
import { encodeFrame } from '../src/protocol/frame.ts';
import { parseAddress } from '../src/remoting/address.ts';
import { BENCH_TOPIC, benchClient, pause, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import type { Figure } from './figures.ts';
import { processorMs } from './processUsage.ts';

const QUEUES = 8;
const WARM_UP_MS = 3000;
const MEASURED_MS = 4000;
interface Load {
  readonly bodyBytes: number;
  /** Requests that reach the broker together, as those of so many threads do while it is busy. */
  readonly together: number;
  /** Messages of a request. */
  readonly batch: number;
}

const LOADS: readonly Load[] = [
  { bodyBytes: 128, together: 1, batch: 1 },
  { bodyBytes: 128, together: 8, batch: 1 },
  { bodyBytes: 128, together: 32, batch: 1 },
  { bodyBytes: 1024, together: 32, batch: 1 },
  { bodyBytes: 128, together: 8, batch: 32 },
];

/**
 * What a message costs our broker's processor, whatever else the machine does: the frames that the benchmark producers
 * send, made beforehand and written several at a time; the next ones when all are answered.
 */
export async function measureFrames(runs: number): Promise<Figure[]> {
  const found = LOADS.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) {
    const backend = await startBackend('ours');
    const client = await benchClient(backend.nameServer, QUEUES);
    try {
      for (const [index, load] of LOADS.entries()) found[index]?.push(await costOf(backend, load));
    } finally {
      client.dispose();
      await backend.stop();
    }
  }
  return LOADS.map(({ bodyBytes, together, batch }, index) => ({
    name: `processor time a message, ${bodyBytes} B, ${together} together${batch > 1 ? `, batches of ${batch}` : ''}`,
    unit: 'µs',
    ours: found[index] ?? [],
  }));
}

async function costOf({ address, brokerPid }: Backend, load: Load): Promise<number> {
  const { host, port } = parseAddress(address);
  const socket = connectSocket({ host, port, noDelay: true });
  try {
    const answered = sendFor(socket, load);
    await pause(WARM_UP_MS);
    const [before, beganMs] = [answered(), processorMs(brokerPid)];
    await pause(MEASURED_MS);
    return ((processorMs(brokerPid) - beganMs) * 1000) / ((answered() - before) * load.batch);
  } finally {
    socket.destroy();
  }
}

/** Sends that many at once, and again when all are answered. @returns how many are so far */
export function sendFor(socket: Socket, load: Load): () => number {
  const { together } = load;
  const chunk = Buffer.concat(Array.from({ length: together }, (_, index) => frame(load, index)));
  let [sent, answered, missingBytes] = [0, 0, 0];
  let head = Buffer.alloc(0);
  const sendNext = (): void => {
    sent += together;
    socket.write(chunk);
  };
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length;) {
      if (missingBytes === 0) {
        const length = bytes.subarray(at, at + 4 - head.length);
        head = Buffer.concat([head, length]);
        at += length.length;
        if (head.length < 4) break;
        answered += 1;
        missingBytes = head.readInt32BE(0);
        head = Buffer.alloc(0);
      }
      const here = Math.min(missingBytes, bytes.length - at);
      at += here;
      missingBytes -= here;
    }
    if (answered === sent && missingBytes === 0 && head.length === 0) sendNext();
  });
  socket.on('connect', sendNext);
  return () => answered;
}

function frame({ bodyBytes, batch }: Load, index: number): Buffer {
  const body = Buffer.alloc(bodyBytes, 'x');
  const items = Array.from({ length: batch }, (_, place) => {
    const count = (index * batch + place).toString(16).toUpperCase().padStart(4, '0');
    return {
      flag: 0,
      body,
      properties: `UNIQ_KEY\u00017F00000100012A139F3300000000${count}\u0002WAIT\u0001true\u0002`,
    };
  });
  const isBatch = batch > 1;
  const extFields = {
    a: 'benchmark_producer',
    b: BENCH_TOPIC,
    c: 'TBW102',
    d: '4',
    e: String(index % QUEUES),
    f: '0',
    g: String(Date.now()),
    h: '0',
    i: items[0]?.properties ?? '',
    j: '0',
    k: 'false',
    m: String(isBatch),
    n: 'broker-a',
  };
  const code = isBatch ? RequestCode.SEND_BATCH_MESSAGE : RequestCode.SEND_MESSAGE_V2;
  return encodeFrame(request(index, { code, extFields, body: isBatch ? encodeBatch(items) : body }), 'ROCKETMQ');
}
