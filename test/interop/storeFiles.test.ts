import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { ClusterClient } from '../../src/client/clusterClient.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { decodeMessages } from '../../src/protocol/message.ts';
import { PropertyName, propertyOf } from '../../src/protocol/messageProperty.ts';
import { connect } from '../broker/testBroker.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import type { ApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'Interchange';
const GROUP = 'InterchangeReaders';
const ALL_TIMES = { beginTimestamp: '0', endTimestamp: '9223372036854775807' };

describe('the files of the store', () => {
  const dir = makeTempDir('interchange');
  after(() => dir.remove());
  const place = (name: string): string => path.join(dir.path, name);
  const apacheOn = (directory: string): Promise<ApacheRocketmq> =>
    startApacheRocketmq({
      brokerConfig: { storePathRootDir: directory, storePathCommitLog: path.join(directory, 'commitlog') },
    });

  it('open in the broker of Apache RocketMQ and come back with what it added', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(240_000);
    const ours = range(100, 'ours');
    const theirs = range(50, 'apache');

    const first = await startLocalBroker('--store', place('ours'));
    await withClient(first.namesrv, async (client) => {
      await createTopic(client);
      await createGroup(client);
      await send(client, ours);
      await commitOffset(client, 42);
    });
    await first.stop();

    const apache = await apacheOn(place('ours'));
    try {
      await withClient(apache.nameServer, async (client) => {
        assert.deepEqual(await bodiesOf(client, ours.length), ours);
        await assertFound(client, ours);
        assert.equal(await committedOffset(client), 42);
        await send(client, theirs);
        // Its index follows its log.
        await waitFor('the last key to be found', async () => (await find(client, 'apache-49', false)).length === 1);
        await commitOffset(client, 43);
      });
    } finally {
      await apache.close();
    }

    const second = await startLocalBroker('--store', place('ours'));
    try {
      await withClient(second.namesrv, async (client) => {
        assert.deepEqual(await bodiesOf(client, 150), [...ours, ...theirs]);
        await assertFound(client, [...ours, ...theirs]);
        assert.equal(await committedOffset(client), 43);
        assert.equal((await client.send({ topic: TOPIC, body: Buffer.from('next') })).offset, 150);
      });
    } finally {
      await second.stop();
    }
  });

  it("of Apache's broker, closed or killed, open in ours, go on there also after kill -9, and go back", async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(240_000);
    const theirs = range(100, 'apache');
    const ours = range(50, 'ours');

    const apache = await apacheOn(place('apache'));
    try {
      await withClient(apache.nameServer, async (client) => {
        await createTopic(client);
        await send(client, theirs);
        await waitFor('the last key to be found', async () => (await find(client, 'apache-99', false)).length === 1);
      });
      // What a broker that is killed now would leave.
      cpSync(place('apache'), place('killed'), { recursive: true });
    } finally {
      await apache.close();
    }
    assert.equal(existsSync(path.join(place('apache'), 'abort')), false, 'it was closed');
    assert.equal(existsSync(path.join(place('killed'), 'abort')), true);

    for (const name of ['apache', 'killed']) {
      const indexFiles = readdirSync(path.join(place(name), 'index'));
      const broker = await startLocalBroker('--store', place(name));
      await withClient(broker.namesrv, async (client) => {
        assert.deepEqual(await bodiesOf(client, 100), theirs, name);
        await assertFound(client, theirs);
        await send(client, ours);
      });
      broker.kill('SIGKILL');
      await broker.exited;
      const again = await startLocalBroker('--store', place(name));
      await withClient(again.namesrv, async (client) => {
        assert.deepEqual(await bodiesOf(client, 150), [...theirs, ...ours], `${name} after kill -9`);
        await assertFound(client, [...theirs, ...ours]);
      });
      await again.stop();
      assert.deepEqual(readdirSync(path.join(place(name), 'index')), indexFiles, 'the same index goes on');
    }
    rmSync(place('killed'), { recursive: true });

    const back = await apacheOn(place('apache'));
    try {
      await withClient(back.nameServer, async (client) => {
        assert.deepEqual(await bodiesOf(client, 150), [...theirs, ...ours]);
        await assertFound(client, [...theirs, ...ours]);
      });
    } finally {
      await back.stop();
    }
  });
});

function range(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

async function withClient(nameServers: string, work: (client: ClusterClient) => Promise<void>): Promise<void> {
  const client = new ClusterClient({ nameServers, timeoutMs: 10_000 });
  try {
    await work(client);
  } finally {
    client.dispose();
  }
}

function createTopic(client: ClusterClient): Promise<unknown> {
  const topic = { topic: TOPIC, readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' } as const;
  return client.createTopic('DefaultCluster', topic);
}

/** Each body is its message's key, too. */
async function send(client: ClusterClient, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await client.send({ topic: TOPIC, tag: 'TagA', keys: [body], body: Buffer.from(body) });
}

async function createGroup(client: ClusterClient): Promise<void> {
  const body = Buffer.from(JSON.stringify({ groupName: GROUP, consumeEnable: true }));
  const answer = await ask(client, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, body);
  assert.equal(answer.code, ResponseCode.SUCCESS, answer.remark);
}

async function ask(
  client: ClusterClient,
  code: number,
  extFields: Record<string, string>,
  body?: Buffer,
): Promise<RemotingCommand> {
  const [broker] = await client.brokers();
  assert.ok(broker);
  const connection = await connect(broker.address);
  try {
    return await connection.request({ code, extFields, ...(body === undefined ? {} : { body }) }, 10_000);
  } finally {
    connection.dispose();
  }
}

/** Bodies and unique keys of what a key finds. */
async function find(client: ClusterClient, key: string, isUnique: boolean): Promise<[string, string][]> {
  const fields = { topic: TOPIC, key, maxNum: '32', ...ALL_TIMES, _UNIQUE_KEY_QUERY: String(isUnique) };
  const answer = await ask(client, RequestCode.QUERY_MESSAGE, fields);
  if (answer.code === ResponseCode.QUERY_NOT_FOUND) return [];
  assert.equal(answer.code, ResponseCode.SUCCESS);
  return decodeMessages(answer.body).map((message) => [
    message.body.toString(),
    propertyOf(message.properties, PropertyName.UNIQUE_KEY) ?? '',
  ]);
}

/** Every message is found once by its key and once by its unique key. */
async function assertFound(client: ClusterClient, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const byKey = await find(client, body, false);
    assert.deepEqual(
      byKey.map(([found]) => found),
      [body],
    );
    const [[, uniqueKey] = ['', '']] = byKey;
    assert.deepEqual(await find(client, uniqueKey, true), byKey);
  }
}

async function commitOffset(client: ClusterClient, offset: number): Promise<void> {
  const fields = { consumerGroup: GROUP, topic: TOPIC, queueId: '0', commitOffset: String(offset) };
  const answer = await ask(client, RequestCode.UPDATE_CONSUMER_OFFSET, fields);
  assert.equal(answer.code, ResponseCode.SUCCESS, answer.remark);
}

async function committedOffset(client: ClusterClient): Promise<number> {
  const answer = await ask(client, RequestCode.QUERY_CONSUMER_OFFSET, {
    consumerGroup: GROUP,
    topic: TOPIC,
    queueId: '0',
  });
  return Number(answer.extFields['offset']);
}

/** The first `count` messages of the topic in order; the test's own time limit ends the wait. */
function bodiesOf(client: ClusterClient, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const found: string[] = [];
    const tail = client.tail(TOPIC, { from: 'earliest' });
    tail.onMessages((messages) => {
      found.push(...messages.map((message) => message.body.toString()));
      if (found.length < count) return;
      tail.dispose();
      resolve(found);
    });
  });
}
