import type { Connection } from '../src/remoting/connection.ts';
import { BENCH_TOPIC, benchClient, connect, pause, sidesOf, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { percentile } from './figures.ts';
import type { Figure } from './figures.ts';
import { bothSides } from './producers.ts';
import { send } from './requests.ts';

const MESSAGES = 10_000;
const IN_FLIGHT = 64;
/** Level 2. */
const LEVEL_DELAY_MS = 5000;
/** Far enough ahead that all are sent before the first is due. */
const AHEAD_MS = 8000;

/**
 * Ten thousand messages that are due within one second, or all of them at one moment: how long after its moment a
 * consumer has each of them.
 */
export async function measureDelay(runs: number): Promise<Figure[]> {
  const level = bothSides();
  const moments = bothSides();
  const once = bothSides();
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side);
      try {
        level[side].push(percentile(await lateness(backend, sendLevel), 99));
        moments[side].push(percentile(await lateness(backend, sendForMoments), 99));
        once[side].push(percentile(await lateness(backend, sendForOneMoment), 99));
      } finally {
        await backend.stop();
      }
    }
  }
  return [
    { name: 'delay level, 10 000 due in a second, p99 late', unit: 'ms', ...level, target: { atMost: 100 } },
    { name: 'moments, 10 000 due in a second, p99 late', unit: 'ms', ...moments, target: { atMost: 100 } },
    { name: 'moment, 10 000 due at once, p99 late', unit: 'ms', ...once },
  ];
}

type Sending = (connection: Connection, index: number, beganMs: number) => Promise<void>;

async function lateness(backend: Backend, sendOne: Sending): Promise<number[]> {
  const client = await benchClient(backend.nameServer, 4);
  const connection = await connect(backend.address);
  const tail = client.tail(BENCH_TOPIC, { from: 'latest' });
  try {
    await tail.ready;
    const late: number[] = [];
    const done = new Promise<void>((resolve) => {
      tail.onMessages((messages) => {
        for (const { body } of messages) late.push(Date.now() - Number(body.toString()));
        if (late.length >= MESSAGES) resolve();
      });
    });
    const beganMs = Date.now();
    // Spread over a second, so that those of one delay are due over a second.
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < MESSAGES) {
        const index = next++;
        const restMs = beganMs + (index * 1000) / MESSAGES - Date.now();
        if (restMs > 0) await pause(restMs);
        await sendOne(connection, index, beganMs);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    await done;
    return late;
  } finally {
    tail.dispose();
    connection.dispose();
    client.dispose();
  }
}

/** Counted from the call, so that its way to the broker counts as late. */
const sendLevel: Sending = (connection, index) => {
  const dueMs = Date.now() + LEVEL_DELAY_MS;
  return send(connection, placeOf(index), Buffer.from(String(dueMs)), [['DELAY', '2']]);
};

/** Not in the order of their moments. Apache's broker delivers a message when its slot of a second is over. */
const sendForMoments: Sending = (connection, index, beganMs) => {
  const dueMs = wholeSecond(beganMs) + Math.floor((((index * 7919) % MESSAGES) * 1000) / MESSAGES);
  return sendFor(connection, index, dueMs);
};

const sendForOneMoment: Sending = (connection, index, beganMs) => sendFor(connection, index, wholeSecond(beganMs));

function wholeSecond(beganMs: number): number {
  return Math.ceil((beganMs + AHEAD_MS) / 1000) * 1000;
}

function sendFor(connection: Connection, index: number, dueMs: number): Promise<void> {
  return send(connection, placeOf(index), Buffer.from(String(dueMs)), [['TIMER_DELIVER_MS', String(dueMs)]]);
}

function placeOf(index: number): { topic: string; queueId: number } {
  return { topic: BENCH_TOPIC, queueId: index % 4 };
}
