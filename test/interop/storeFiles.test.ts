import assert from 'node:assert/strict';

import { ClusterClient } from '../../src/client/clusterClient.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';

const TOPIC = 'Interchange';

describe('the files of the store', () => {
  const dir = makeTempDir('interchange');
  after(() => dir.remove());

  it('open in the broker of Apache RocketMQ and come back with what it added', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(180_000);
    const ours = range(100, 'ours');
    const theirs = range(50, 'apache');

    const first = await startLocalBroker('--store', dir.path);
    await withClient(first.namesrv, async (client) => {
      await client.createTopic('DefaultCluster', {
        topic: TOPIC,
        readQueueNums: 1,
        writeQueueNums: 1,
        perm: 6,
        messageType: 'NORMAL',
      });
      for (const body of ours) await client.send({ topic: TOPIC, tag: 'TagA', keys: [body], body: Buffer.from(body) });
    });
    await first.stop();

    const apache = await startApacheRocketmq({
      brokerConfig: { storePathRootDir: dir.path, storePathCommitLog: `${dir.path}/commitlog` },
    });
    try {
      await withClient(apache.nameServer, async (client) => {
        assert.deepEqual(await bodiesOf(client, ours.length), ours);
        for (const body of theirs) await client.send({ topic: TOPIC, body: Buffer.from(body) });
      });
    } finally {
      await apache.stop();
    }

    const second = await startLocalBroker('--store', dir.path);
    try {
      await withClient(second.namesrv, async (client) => {
        assert.deepEqual(await bodiesOf(client, 150), [...ours, ...theirs]);
        assert.equal((await client.send({ topic: TOPIC, body: Buffer.from('next') })).offset, 150);
      });
    } finally {
      await second.stop();
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
