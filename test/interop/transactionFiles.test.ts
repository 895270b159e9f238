import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { systemClock } from '../../src/base/clock.ts';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { TIMEOUT_MS, connect, pullRequest, records } from '../broker/testBroker.ts';
import { COMMIT, ROLLBACK, TransactionClient } from '../broker/transactionClient.ts';
import type { HalfPlace, Question } from '../broker/transactionClient.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'Transactions';
const MARKS = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
/** Rounds come after marks are written, so that Apache's broker asks once. */
const CHECKS = { transactionCheckInterval: 8000, transactionTimeOut: 1000 };
const PLENTY_MS = 60_000;

describe('the files of transactions', () => {
  const dir = makeTempDir('transaction-files');
  after(() => dir.remove());

  it('open in the broker of Apache RocketMQ and come back: what is open is asked about, what ended is not', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(240_000);
    const store = path.join(dir.path, 'store');
    const config = path.join(dir.path, 'broker.conf');
    const lines = Object.entries(CHECKS).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(config, lines.join(''));

    const first = await startLocalBroker('--store', store, '-c', config);
    await withProducer(first.namesrv, async (producer) => leave(producer, 'ours'));
    first.kill('SIGKILL');
    await first.exited;

    const apache = await startApacheRocketmq({
      brokerConfig: { ...CHECKS, storePathRootDir: store, storePathCommitLog: `${store}/commitlog` },
    });
    try {
      await withProducer(apache.nameServer, async (producer) => {
        await answer(producer, 'ours open', ['ours done', 'ours open']);
        await leave(producer, 'apache');
      });
    } finally {
      await apache.stop();
    }

    const second = await startLocalBroker('--store', store, '-c', config);
    try {
      await withProducer(second.namesrv, async (producer) => {
        await answer(producer, 'apache open', ['ours done', 'ours open', 'apache done', 'apache open']);
      });
    } finally {
      await second.stop();
    }
  });
});

/** One that is committed, one that is rolled back, both marked, and one that is open. */
async function leave(producer: TransactionClient, name: string): Promise<void> {
  const [done, undone] = [await producer.half(TOPIC, `${name} done`), await producer.half(TOPIC, `${name} undone`)];
  assert.equal((await producer.end(done, COMMIT)).code, 0);
  assert.equal((await producer.end(undone, ROLLBACK)).code, 0);
  await producer.half(TOPIC, `${name} open`);
  await untilMarked(producer.connection, done, undone);
}

/** Commits what the producer is asked about, which is one message; then the topic holds what is expected. */
async function answer(producer: TransactionClient, open: string, expected: readonly string[]): Promise<void> {
  const [asked] = await waitFor('a question', () => producer.questions.length > 0 && producer.questions, {
    timeoutMs: PLENTY_MS,
  });
  assert.ok(asked);
  assert.equal((await producer.end(asked.place, COMMIT, { fromTransactionCheck: 'true' })).code, 0);
  await waitFor(
    'the committed message',
    async () => (await bodies(producer.connection, TOPIC)).length >= expected.length,
  );
  assert.deepEqual(await bodies(producer.connection, TOPIC), expected);
  await untilMarked(producer.connection, asked.place);
  assert.deepEqual(
    producer.questions.map(({ half }: Question) => half.body.toString()),
    [open],
  );
}

function untilMarked(connection: Connection, ...places: readonly HalfPlace[]): Promise<unknown> {
  return waitFor('the marks', async () => {
    const marked = (await bodies(connection, MARKS)).join('').split(',');
    return places.every(({ tranStateTableOffset }) => marked.includes(tranStateTableOffset));
  });
}

async function bodies(connection: Connection, topic: string): Promise<string[]> {
  const { code, body } = await connection.request(pullRequest({ topic }), TIMEOUT_MS);
  return code === 0 ? records(body).map((record) => record.body.toString()) : [];
}

async function withProducer(nameServers: string, work: (producer: TransactionClient) => Promise<void>): Promise<void> {
  const client = new ClusterClient({ nameServers, timeoutMs: 10_000 });
  try {
    const [broker] = await client.brokers();
    assert.ok(broker);
    const spec = { topic: TOPIC, readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'TRANSACTION' } as const;
    await client.createTopic('DefaultCluster', spec);
    const producer = await TransactionClient.start({
      connect: (handle) => connect(broker.address, handle),
      clock: systemClock,
    });
    try {
      await work(producer);
    } finally {
      producer.connection.dispose();
    }
  } finally {
    client.dispose();
  }
}
