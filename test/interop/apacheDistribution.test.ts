import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import { layOutDistribution } from '../support/apache/distribution.ts';
import { startLocalCluster } from '../support/localCluster.ts';
import { untilGone } from '../support/untilGone.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const START_TIMEOUT_MS = 150_000;
const TOPIC = 'ToApache';
const SPEC = { topic: TOPIC, readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' } as const;

describe('a distribution of Apache RocketMQ, started by rocketmq-local', () => {
  const place = makeTempDir('distribution');
  before(function () {
    requireTools(this, 'java', 'mvn');
  });
  after(() => place.remove());

  it('takes a message, ends when asked to, and has written below its directory alone', async () => {
    const home = path.join(place.path, 'rocketmq');
    await layOutDistribution(home);
    const directory = path.join(place.path, 'nodes');
    const cluster = await startLocalCluster(directory, ['--mode', 'single', '--apache', home], {
      timeoutMs: START_TIMEOUT_MS,
    });
    const { nodes, namesrv } = cluster.ready;
    const client = new ClusterClient({ nameServers: namesrv, timeoutMs: 15_000 });
    try {
      assert.deepEqual(
        nodes.map(({ name, role }) => [name, role]),
        [
          ['namesrv-1', 'namesrv'],
          ['broker-a', 'master'],
        ],
      );
      await waitFor('the topic', () =>
        client.createTopic('DefaultCluster', SPEC).then(
          () => true,
          () => undefined,
        ),
      );
      const receipt = await waitFor('the message', () =>
        client.send({ topic: TOPIC, body: Buffer.from('hello') }).catch(() => undefined),
      );
      assert.deepEqual([receipt.status, receipt.brokerName], ['SEND_OK', 'broker-a']);
    } finally {
      client.dispose();
      await cluster.command('stop');
      await cluster.stop();
    }
    await untilGone([cluster.supervisor.pid, ...nodes.map(({ pid }) => pid)]);
    const brokerHome = path.join(directory, 'broker-a');
    for (const log of ['console.log', path.join('logs', 'rocketmqlogs', 'broker.log')]) {
      const text = readFileSync(path.join(brokerHome, log), 'utf8');
      assert.ok(text.includes('The broker[broker-a, ') && text.includes('boot success'), log);
    }
    assert.ok(existsSync(path.join(brokerHome, 'store', 'commitlog')));
    assert.equal(existsSync(path.join(brokerHome, 'store', 'abort')), false, 'it ended in order');
  });
});
