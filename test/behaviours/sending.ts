import assert from 'node:assert/strict';

import { isCodedError } from '../../src/base/errors.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { encodeFields } from '../../src/protocol/fields.ts';
import { sendMessage, shrinkToLetters } from '../../src/protocol/requests/send.ts';
import { connect } from '../broker/testBroker.ts';
import type { TestCluster } from '../support/backends.ts';

export function sendingBehaviours(cluster: TestCluster): void {
  it('is answered with where the message lies, and moves that queue by one', async () => {
    const topic = await cluster.newTopic();
    const seen: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const receipt = await cluster.client.send({ topic, body: Buffer.from(`message ${n}`) });
      assert.equal(receipt.status, 'SEND_OK');
      assert.equal(receipt.brokerName, 'broker-a');
      assert.match(receipt.messageId, /^[0-9A-F]{32}$/);
      assert.match(receipt.offsetMessageId, /^[0-9A-F]{32}$/);
      assert.ok(receipt.elapsedMs >= 0);
      seen.push(`${receipt.queueId}:${receipt.offset}`);
    }
    assert.deepEqual(seen, ['0:0', '1:0', '2:0', '3:0', '0:1', '1:1', '2:1', '3:1']);
    await cluster.untilReadable(topic, 8);
    const { items: queues } = await cluster.client.queues(topic);
    assert.deepEqual(
      queues.map(({ queueId, minOffset, maxOffset }) => [queueId, minOffset, maxOffset]),
      [0, 1, 2, 3].map((queueId) => [queueId, 0, 2]),
    );
    assert.ok(queues.every(({ lastUpdateMs }) => lastUpdateMs !== undefined && Date.now() - lastUpdateMs < 60_000));
  });

  it('to a topic that does not exist fails, and creates nothing', async () => {
    const topic = 'NobodyMadeThis';
    await assert.rejects(
      cluster.client.send({ topic, body: Buffer.from('x') }),
      (error) => isCodedError(error, 'topic-not-found') && error.details['topic'] === topic,
    );
    assert.ok(!(await cluster.client.topics()).some((summary) => summary.topic === topic));
  });

  it('to a topic that may not be written says so', async () => {
    const topic = await cluster.newTopic({ perm: 4 });
    await assert.rejects(cluster.client.send({ topic, body: Buffer.from('x') }), (error) =>
      isCodedError(error, 'no-writable-queue'),
    );
  });

  it('a body of 4 MiB is taken', async () => {
    const topic = await cluster.newTopic();
    const { status } = await cluster.client.send({ topic, body: Buffer.alloc(4 * 1024 * 1024, 'x') });
    assert.equal(status, 'SEND_OK');
  });

  it('a body over 4 MiB is refused by the client, and with 13 by the broker', async () => {
    const topic = await cluster.newTopic();
    const body = Buffer.alloc(4 * 1024 * 1024 + 1, 'x');
    await assert.rejects(cluster.client.send({ topic, body }), (error) => isCodedError(error, 'body-too-large'));
    const connection = await connect(cluster.brokerAddress);
    const fields = encodeFields(sendMessage, {
      producerGroup: 'BehaviourProducer',
      topic,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: 4,
      queueId: 0,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      flag: 0,
    });
    const answer = await connection.request(
      // A little more than the allowance that a broker makes for what is around the body.
      { code: RequestCode.SEND_MESSAGE_V2, extFields: shrinkToLetters(fields), body: Buffer.alloc(5 * 1024 * 1024) },
      5000,
    );
    connection.dispose();
    assert.equal(answer.code, 13);
    assert.deepEqual(
      (await cluster.client.queues(topic)).items.map(({ maxOffset }) => maxOffset),
      [0, 0, 0, 0],
    );
  });
}
