import assert from 'node:assert/strict';

import { delay } from '../../src/base/delay.ts';
import { systemClock } from '../../src/base/clock.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { connect, pullRequest, records, sendRequest } from '../broker/testBroker.ts';
import { freePort, freePortWith } from '../support/freePort.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import type { LocalBroker } from '../support/localBroker.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { randomSource } from './randomSource.ts';

const TOPIC = 'Soak';
const QUEUES = 4;
const PRODUCERS = 3;
const GROUPS = ['soak-readers-1', 'soak-readers-2'];
const REQUEST_TIMEOUT_MS = 3000;
/** Connections that a reader has before it begins anew. */
const SESSIONS_A_CLIENT = 4;
/** Readers that get nothing for so long are stuck. */
const STALL_MS = 60_000;
/** Senders wait for readers that are so far behind. */
const MAX_LAG = 10_000;

export interface SoakOptions {
  readonly durationMs: number;
  /** The same seed kills at the same moments. */
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface SoakResult {
  readonly kills: number;
  readonly stops: number;
  readonly acknowledged: number;
  /** Sends whose answer never came, and how many of them are stored. */
  readonly unanswered: number;
  readonly unansweredButStored: number;
  readonly stored: number;
  /** Messages that a group got again, each after an offset was lost with a killed broker. */
  readonly consumedAgain: number;
}

/** What one run remembers. Places are `queueId:queueOffset`. */
class Ledger {
  readonly acknowledged = new Map<string, string>();
  readonly unanswered = new Set<string>();
  readonly consumed = new Map(GROUPS.map((group) => [group, new Map<string, number>()]));
  isSending = true;
  isReading = true;

  /** How far the slowest group is behind. */
  get lag(): number {
    return this.acknowledged.size - Math.min(...[...this.consumed.values()].map(({ size }) => size));
  }
}

/**
 * Producers and consumers on a broker that is killed and stopped at random. At the end all that was acknowledged is
 * stored, where it was said and once, and was consumed by every group.
 * @throws AssertionError when it is not
 */
export async function soak({ durationMs, seed, log }: SoakOptions): Promise<SoakResult> {
  const directory = makeTempDir('soak');
  const ports = [
    '--namesrv-port',
    String(await freePort()),
    '--port',
    String(await freePortWith([0, -2, 1])),
    '--grpc-port',
    'off',
  ];
  const start = (): Promise<LocalBroker> => startLocalBroker('--store', directory.path, ...ports);
  let broker = await start();
  try {
    const address = broker.broker;
    await createTopic(address);
    const ledger = new Ledger();
    const producers = Array.from({ length: PRODUCERS }, (_, id) => produce(address, id, ledger));
    const consumers = GROUPS.map((group) => consume(address, group, ledger));
    const working = Promise.all([...producers, ...consumers]);
    // Whoever fails is heard of at the end.
    working.catch(() => undefined);

    const random = randomSource(seed);
    const untilMs = Date.now() + durationMs;
    let kills = 0;
    let stops = 0;
    for (;;) {
      const waitMs = 1000 + random() * 5000;
      if (Date.now() + waitMs > untilMs) break;
      await delay(systemClock, waitMs);
      if (random() < 0.8) {
        broker.kill('SIGKILL');
        kills += 1;
      } else {
        broker.kill('SIGTERM');
        stops += 1;
      }
      await broker.exited;
      broker = await start();
      log(`${kills} kills, ${stops} stops, ${ledger.acknowledged.size} acknowledged, ${ledger.lag} not consumed`);
    }
    await delay(systemClock, Math.max(0, untilMs - Date.now()));
    ledger.isSending = false;
    await Promise.all(producers);
    const stored = await readAll(address);
    const result = judge(ledger, stored);
    await untilConsumed(ledger, stored.size);
    ledger.isReading = false;
    await working;
    const again = [...ledger.consumed.values()].flatMap((counts) => [...counts.values()].filter((count) => count > 1));
    return { kills, stops, ...result, consumedAgain: again.length };
  } finally {
    await broker.stop();
    directory.remove();
  }
}

function judge(
  ledger: Ledger,
  stored: ReadonlyMap<string, string>,
): Omit<SoakResult, 'kills' | 'stops' | 'consumedAgain'> {
  for (const [place, body] of ledger.acknowledged) {
    assert.equal(stored.get(place), body, `what was acknowledged at ${place} is not there`);
  }
  const bodies = [...stored.values()];
  assert.equal(new Set(bodies).size, bodies.length, 'a message that was sent once is stored twice');
  const known = new Set(ledger.acknowledged.values());
  const others = bodies.filter((body) => !known.has(body));
  assert.deepEqual(
    others.filter((body) => !ledger.unanswered.has(body)),
    [],
    'a message is stored that nobody sent',
  );
  return {
    acknowledged: ledger.acknowledged.size,
    unanswered: ledger.unanswered.size,
    unansweredButStored: others.length,
    stored: stored.size,
  };
}

/** Sends each body once; one without an answer may be stored or not. */
async function produce(address: string, id: number, ledger: Ledger): Promise<void> {
  await working(
    address,
    () => ledger.isSending,
    async (connection, isWanted) => {
      for (let n = 0; isWanted(); n += 1) {
        while (ledger.lag > MAX_LAG && isWanted()) await delay(systemClock, 50);
        const body = `${id}/${Date.now()}/${n}`;
        ledger.unanswered.add(body);
        const queueId = n % QUEUES;
        const { code, extFields } = await connection.request(sendRequest(TOPIC, body, { queueId }), REQUEST_TIMEOUT_MS);
        if (code !== ResponseCode.SUCCESS) continue;
        ledger.unanswered.delete(body);
        ledger.acknowledged.set(`${queueId}:${extFields['queueOffset'] ?? ''}`, body);
      }
    },
  );
}

/**
 * Reads every queue and commits how far it came. After a broken connection it goes on where it was, as official clients
 * do, and now and then where the broker says, as clients do that begin: what it committed since the last save is lost
 * with a killed broker, so who asked each time would come no further while kills come faster than saves.
 */
async function consume(address: string, group: string, ledger: Ledger): Promise<void> {
  const counts = ledger.consumed.get(group) ?? new Map<string, number>();
  let next: number[] = [];
  let sessions = 0;
  await working(
    address,
    () => ledger.isReading,
    async (connection, isWanted) => {
      if (sessions % SESSIONS_A_CLIENT === 0) {
        next = await Promise.all(Array.from({ length: QUEUES }, (_, queueId) => offsetOf(connection, group, queueId)));
      }
      sessions += 1;
      while (isWanted()) {
        for (let queueId = 0; queueId < QUEUES; queueId += 1) {
          const from = next[queueId] ?? 0;
          const pull = pullRequest({ topic: TOPIC, group, queueId, queueOffset: from });
          const answer = await connection.request(pull, REQUEST_TIMEOUT_MS);
          if (answer.code !== ResponseCode.SUCCESS) continue;
          let offset = from;
          for (const message of records(answer.body)) {
            // Within one session nothing comes twice and nothing is left out.
            assert.equal(message.queueOffset, offset, `${group} reads queue ${queueId}`);
            const place = `${queueId}:${offset}`;
            counts.set(place, (counts.get(place) ?? 0) + 1);
            offset += 1;
          }
          next[queueId] = offset;
          const extFields = {
            consumerGroup: group,
            topic: TOPIC,
            queueId: String(queueId),
            commitOffset: String(offset),
          };
          await connection.request({ code: RequestCode.UPDATE_CONSUMER_OFFSET, extFields }, REQUEST_TIMEOUT_MS);
        }
        await delay(systemClock, 20);
      }
    },
  );
}

/** Works on one connection after the other, while the broker comes and goes. */
async function working(
  address: string,
  isWanted: () => boolean,
  work: (connection: Connection, isWanted: () => boolean) => Promise<void>,
): Promise<void> {
  while (isWanted()) {
    let connection: Connection | undefined;
    try {
      connection = await connect(address);
      await work(connection, isWanted);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      await delay(systemClock, 100);
    } finally {
      connection?.dispose();
    }
  }
}

async function offsetOf(connection: Connection, consumerGroup: string, queueId: number): Promise<number> {
  const extFields = { consumerGroup, topic: TOPIC, queueId: String(queueId) };
  const answer = await connection.request({ code: RequestCode.QUERY_CONSUMER_OFFSET, extFields }, REQUEST_TIMEOUT_MS);
  return answer.code === ResponseCode.SUCCESS ? Number(answer.extFields['offset']) : 0;
}

async function createTopic(address: string): Promise<void> {
  const connection = await connect(address);
  const queues = String(QUEUES);
  const extFields = {
    topic: TOPIC,
    defaultTopic: 'TBW102',
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: '6',
    topicFilterType: 'SINGLE_TAG',
    order: 'false',
  };
  const answer = await connection.request({ code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields }, REQUEST_TIMEOUT_MS);
  assert.equal(answer.code, ResponseCode.SUCCESS, answer.remark);
  connection.dispose();
}

/** Everything that is stored, by its place. */
async function readAll(address: string): Promise<ReadonlyMap<string, string>> {
  const connection = await connect(address);
  const stored = new Map<string, string>();
  for (let queueId = 0; queueId < QUEUES; queueId += 1) {
    for (let queueOffset = 0; ;) {
      const pull = pullRequest({ topic: TOPIC, group: 'soak-judge', queueId, queueOffset });
      const answer = await connection.request(pull, REQUEST_TIMEOUT_MS);
      if (answer.code !== ResponseCode.SUCCESS) break;
      for (const message of records(answer.body)) {
        stored.set(`${queueId}:${message.queueOffset}`, message.body.toString());
        queueOffset = message.queueOffset + 1;
      }
    }
  }
  connection.dispose();
  return stored;
}

async function untilConsumed(ledger: Ledger, count: number): Promise<void> {
  const counts = (): number[] => [...ledger.consumed.values()].map(({ size }) => size);
  let seen = counts().join();
  for (let untilMs = Date.now() + STALL_MS; counts().some((size) => size < count);) {
    assert.ok(Date.now() < untilMs, `the groups got ${seen} of ${count}`);
    await delay(systemClock, 100);
    if (counts().join() === seen) continue;
    seen = counts().join();
    untilMs = Date.now() + STALL_MS;
  }
}
