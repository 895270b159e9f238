import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ClusterClient } from '../../src/client/clusterClient.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { encodeFields } from '../../src/protocol/fields.ts';
import { encodeProperties } from '../../src/protocol/messageProperty.ts';
import { sendMessage, shrinkToLetters } from '../../src/protocol/requests/send.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { connect, TIMEOUT_MS } from '../broker/testBroker.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'Moments';
/** Longer than a broker of Apache takes to start. */
const WAIT_MS = 20_000;

describe('the files of the timers', () => {
  const dir = makeTempDir('timer-files');
  after(() => dir.remove());

  it('open in the broker of Apache RocketMQ and come back, and every message is delivered once', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(240_000);
    const expected: string[] = [];

    const first = await startLocalBroker('--store', dir.path);
    await withCluster(first.namesrv, async (client, broker) => {
      const spec = { topic: TOPIC, readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' } as const;
      await client.createTopic('DefaultCluster', spec);
      await leavePending(broker, 'ours', expected);
      await untilDelivered(client, expected.slice(0, 1));
    });
    first.kill('SIGKILL');
    await first.exited;

    const apache = await startApacheRocketmq({
      brokerConfig: { storePathRootDir: dir.path, storePathCommitLog: `${dir.path}/commitlog` },
    });
    try {
      await withCluster(apache.nameServer, async (client, broker) => {
        await untilDelivered(client, expected);
        const soonMs = await leavePending(broker, 'apache', expected);
        await untilDelivered(client, expected.slice(0, 22));
        // A broker that is killed delivers again what it did not write down yet.
        await waitFor('Apache’s checkpoint', () => progress(dir.path) === 46 && readTime(dir.path) > soonMs);
      });
    } finally {
      await apache.stop();
    }

    const second = await startLocalBroker('--store', dir.path);
    try {
      await withCluster(second.namesrv, async (client, broker) => {
        await untilDelivered(client, expected);
        const last = Date.now() + 1500;
        await sendTimer(broker, 'the last', last);
        await untilDelivered(client, [...expected, 'the last']);
      });
    } finally {
      await second.stop();
    }
  });
});

/** One message that is due soon, twenty that wait, and one that is taken back. @returns when the first is due */
async function leavePending(broker: Connection, name: string, expected: string[]): Promise<number> {
  const now = Date.now();
  await sendTimer(broker, `${name}-soon`, now + 1500);
  expected.push(`${name}-soon`);
  const dueMs = now + WAIT_MS;
  await sendTimer(broker, `${name}-not`, dueMs);
  for (let index = 0; index < 20; index += 1) {
    await sendTimer(broker, `${name}-${index}`, dueMs);
    expected.push(`${name}-${index}`);
  }
  await sendTimer(broker, `${name}-marker`, dueMs, { TIMER_DEL_UNIQKEY: `KEY-${name}-not` });
  return now + 1500;
}

async function sendTimer(
  broker: Connection,
  body: string,
  deliverMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const fields = encodeFields(sendMessage, {
    producerGroup: 'TimerProducer',
    topic: TOPIC,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: encodeProperties(
      Object.entries({ UNIQ_KEY: `KEY-${body}`, TIMER_DELIVER_MS: String(deliverMs), ...more }),
    ),
  });
  const request = {
    code: RequestCode.SEND_MESSAGE_V2,
    extFields: shrinkToLetters(fields),
    body: Buffer.from(body),
  };
  const answer = await broker.request(request, TIMEOUT_MS);
  assert.equal(answer.code, 0, answer.remark);
}

async function withCluster(
  nameServers: string,
  work: (client: ClusterClient, broker: Connection) => Promise<void>,
): Promise<void> {
  const client = new ClusterClient({ nameServers, timeoutMs: 10_000 });
  try {
    const [broker] = await client.brokers();
    assert.ok(broker);
    const connection = await connect(broker.address);
    try {
      await work(client, connection);
    } finally {
      connection.dispose();
    }
  } finally {
    client.dispose();
  }
}

/** Until the topic has as many messages; then they are the expected ones, none twice. */
async function untilDelivered(client: ClusterClient, expected: readonly string[]): Promise<void> {
  const found: string[] = [];
  const tail = client.tail(TOPIC, { from: 'earliest' });
  tail.onMessages((messages) => found.push(...messages.map(({ body }) => body.toString())));
  try {
    await waitFor(`${expected.length} messages`, () => found.length >= expected.length, {
      timeoutMs: 60_000,
      details: () => found.join(' '),
    });
  } finally {
    tail.dispose();
  }
  assert.deepEqual(found.toSorted(), [...expected].sort());
}

/** How far a broker has taken messages of the timer topic in, as it wrote down. */
function progress(directory: string): number {
  return Number(readFileSync(path.join(directory, 'config', 'timercheck')).readBigInt64BE(16));
}

function readTime(directory: string): number {
  return Number(readFileSync(path.join(directory, 'config', 'timercheck')).readBigInt64BE(0));
}
