import assert from 'node:assert/strict';

import { mqadmin, runJava, startJava } from '../support/apache/java.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import type { LocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const GROUP = 'please_rename_unique_group_name_4';

describe('quickstart of the tutorial against the local broker', () => {
  const home = makeTempDir('quickstart');
  let broker: LocalBroker | undefined;

  before(async function () {
    requireTools(this, 'java', 'mvn');
    broker = await startLocalBroker('--temp');
  });

  after(async () => {
    await broker?.stop();
    home.remove();
  });

  const admin = async (...args: string[]): Promise<string> => (await mqadmin(broker!.namesrv, args)).output;

  it('stores the 1000 messages of the official producer', async () => {
    const { code, output } = await runJava('org.apache.rocketmq.example.quickstart.Producer', [], {
      nameServer: broker!.namesrv,
    });
    assert.equal(code, 0, output);
    assert.equal(output.match(/sendStatus=SEND_OK/g)?.length, 1_000);
  });

  it('gives all of them to the official push consumer, each once', async () => {
    const consumer = await startJava('org.apache.rocketmq.example.quickstart.Consumer', [], {
      home: home.path,
      nameServer: broker!.namesrv,
      stopTimeoutMs: 0,
    });
    try {
      const places = (): string[] =>
        [...consumer.output().matchAll(/queueId=(\d+), storeSize=\d+, queueOffset=(\d+)/g)].map(
          ([, queueId, offset]) => `${queueId}/${offset}`,
        );
      await waitFor('1000 messages', () => places().length >= 1_000, {
        timeoutMs: 120_000,
        details: () => `${places().length} came`,
      });
      assert.equal(new Set(places()).size, 1_000);
      const bodies = [...consumer.output().matchAll(/body=\[([\d, -]+)\]/g)].map(([, bytes = '']) =>
        Buffer.from(bytes.split(', ').map(Number)).toString(),
      );
      const expected = Array.from({ length: 1_000 }, (_, index) => `Hello RocketMQ ${index}`);
      assert.deepEqual([...bodies].sort(), expected.sort());
      assert.match(await admin('consumerConnection', '-g', GROUP), /CONSUME_PASSIVELY/);
      const done = await waitFor(
        'the offsets to be committed',
        async () => {
          const output = await admin('consumerProgress', '-g', GROUP);
          return /Consume Diff Total: 0\b/.test(output) && output;
        },
        { timeoutMs: 120_000 },
      );
      const consumed = [...done.matchAll(/^TopicTest +broker-a +\d+ +(\d+) +(\d+) +0 /gm)];
      assert.equal(
        consumed.reduce((sum, [, , offset]) => sum + Number(offset), 0),
        1_000,
      );
    } finally {
      await consumer.stop();
    }
  });

  it('answers mqadmin: cluster, topics, status', async () => {
    assert.match(
      await admin('clusterList'),
      new RegExp(`^DefaultCluster +broker-a +0 +${broker!.broker} +V5_3_3 `, 'm'),
    );
    assert.match(
      await admin('updateTopic', '-c', 'DefaultCluster', '-t', 'AdminTopic', '-r', '2', '-w', '2'),
      /success/,
    );
    assert.match(await admin('topicList'), /^AdminTopic$/m);
    const status = await admin('topicStatus', '-t', 'TopicTest');
    const stored = [...status.matchAll(/^broker-a +\d+ +0 +(\d+) +20/gm)].map(([, max]) => Number(max));
    assert.equal(
      stored.reduce((sum, max) => sum + max, 0),
      1_000,
    );
  });

  it('answers mqadmin: send, consume, look up, delete', async () => {
    const sent = await admin('sendMessage', '-t', 'AdminTopic', '-p', 'from mqadmin', '-c', 'TagA', '-k', 'Key1');
    assert.match(sent, /broker-a +\d +SEND_OK/);
    const consumed = await admin('consumeMessage', '-t', 'AdminTopic');
    assert.match(consumed, /BODY: from mqadmin/);
    const id = /msgId=([0-9A-F]{32})/.exec(consumed)?.[1];
    assert.match(await admin('queryMsgById', '-t', 'AdminTopic', '-i', id ?? ''), /from mqadmin|Key1/);
    assert.match(await admin('brokerStatus', '-b', broker!.broker), /^getTransferredTps +: /m);
    assert.match(await admin('deleteTopic', '-c', 'DefaultCluster', '-t', 'AdminTopic'), /NameServer success/);
    assert.doesNotMatch(await admin('topicList'), /^AdminTopic$/m);
  });
});
