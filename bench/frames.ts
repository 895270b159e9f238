import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';

import { RequestCode } from '../src/protocol/codes.ts';
import { request } from '../src/protocol/command.ts';
import { encodeProperties } from '../src/protocol/messageProperty.ts';
import { encodeFrame } from '../src/protocol/frame.ts';
import { parseAddress } from '../src/remoting/address.ts';
import { BENCH_TOPIC, benchClient, pause, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import type { Figure } from './figures.ts';
import { processorMs } from './processUsage.ts';

const BODY = Buffer.alloc(128, 'x');
const QUEUES = 8;
const WARM_UP_MS = 3000;
const MEASURED_MS = 4000;
/** Sends that reach the broker together, as those of so many threads do while it is busy. */
const TOGETHER = [1, 8, 32] as const;

/**
 * What a send costs our broker's processor, whatever else the machine does: the frames that the benchmark producer
 * sends, made beforehand and written several at a time; the next ones when all are answered.
 */
export async function measureFrames(runs: number): Promise<Figure[]> {
  const found = TOGETHER.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) {
    const backend = await startBackend('ours');
    const client = await benchClient(backend.nameServer, QUEUES);
    try {
      for (const [index, together] of TOGETHER.entries()) found[index]?.push(await costOf(backend, together));
    } finally {
      client.dispose();
      await backend.stop();
    }
  }
  return TOGETHER.map((together, index) => ({
    name: `processor time a send, 128 B, ${together} together`,
    unit: 'µs',
    ours: found[index] ?? [],
  }));
}

async function costOf({ address, brokerPid }: Backend, together: number): Promise<number> {
  const { host, port } = parseAddress(address);
  const socket = connectSocket({ host, port, noDelay: true });
  try {
    const answered = sendFor(socket, together);
    await pause(WARM_UP_MS);
    const [before, beganMs] = [answered(), processorMs(brokerPid)];
    await pause(MEASURED_MS);
    return ((processorMs(brokerPid) - beganMs) * 1000) / (answered() - before);
  } finally {
    socket.destroy();
  }
}

/** @returns how many are answered so far */
function sendFor(socket: Socket, together: number): () => number {
  const chunk = Buffer.concat(Array.from({ length: together }, (_, index) => frame(index)));
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

function frame(index: number): Buffer {
  const properties = encodeProperties([
    ['UNIQ_KEY', `7F00000100012A139F3300000000${index.toString(16).toUpperCase().padStart(4, '0')}`],
    ['WAIT', 'true'],
  ]);
  const extFields = {
    a: 'benchmark_producer',
    b: BENCH_TOPIC,
    c: 'TBW102',
    d: '4',
    e: String(index % QUEUES),
    f: '0',
    g: String(Date.now()),
    h: '0',
    i: properties,
    j: '0',
    k: 'false',
    m: 'false',
    n: 'broker-a',
  };
  return encodeFrame(request(index, { code: RequestCode.SEND_MESSAGE_V2, extFields, body: BODY }), 'ROCKETMQ');
}
