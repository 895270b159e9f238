import assert from 'node:assert/strict';
import path from 'node:path';

import { RequestCode } from '../../src/protocol/codes.ts';
import { liteQueue } from '../../src/protocol/liteTopic.ts';
import { propertyOf } from '../../src/protocol/messageProperty.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { GrpcTestBroker } from '../broker/grpc/grpcTestBroker.ts';
import { ack, bodies, handleOf, receive } from '../broker/grpc/grpcConsumer.ts';
import { LITE, createLiteTopic, liteConsumer, sendLite, sync } from '../broker/grpc/liteClient.ts';
import { TIMEOUT_MS, connect, pullRequest, records, sendRequest } from '../broker/testBroker.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const READER = 'LiteReader';

describe('the files of lite topics', () => {
  const dir = makeTempDir('lite-files');
  after(() => dir.remove());

  it('open in the broker of Apache RocketMQ and come back with what it added', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(240_000);
    const directory = path.join(dir.path, 'store');
    const ours = await GrpcTestBroker.start({ directory });
    await createLiteTopic(ours);
    const group = { groupName: READER, consumeEnable: true, retryMaxTimes: 16 };
    await ours.broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group);
    for (const [name, body] of Object.entries({ a: 'a-0', b: 'b-0' })) await sendLite(ours.client(), name, body);
    await sendLite(ours.client(), 'a', 'a-1');
    await ours.stop();

    const apache = await startApacheRocketmq({
      brokerConfig: {
        storePathRootDir: directory,
        storePathCommitLog: path.join(directory, 'commitlog'),
        mappedFileSizeCommitLog: 1024 * 1024,
        enableLmq: true,
        enableMultiDispatch: true,
      },
    });
    try {
      const client = await connect(apache.brokerAddress);
      assert.deepEqual(await pulled(client, 'a'), ['a-0', 'a-1']);
      assert.deepEqual(await pulled(client, 'b'), ['b-0']);
      const properties = { UNIQ_KEY: '7F00000100070000000000000000AAAA', __LITE_TOPIC: 'a' };
      const sent = await client.request(sendRequest(LITE, 'a-2', { properties, queueId: 0 }), TIMEOUT_MS);
      assert.equal(sent.code, 0, sent.remark);
      await waitFor('what it added', async () => (await pulled(client, 'a')).length === 3);
      client.dispose();
    } finally {
      await apache.close();
    }

    const again = await GrpcTestBroker.start({ directory });
    const client = again.client();
    await liteConsumer(client);
    await sync(client, ['a']);
    const found = await receive(client, { topic: LITE });
    assert.deepEqual(bodies(found), ['a-0', 'a-1', 'a-2']);
    await ack(client, found.messages.map(handleOf), { topic: LITE });
    const sent = await sendLite(client, 'a', 'a-3');
    assert.equal(sent.status?.message, 'OK');
    const next = await receive(client, { topic: LITE });
    assert.deepEqual(
      next.messages.map(({ systemProperties: system }) => Number(system?.queueOffset)),
      [3],
    );
    await again.stop();
  });
});

/** As a remoting consumer reads the queue. */
async function pulled(client: Connection, liteTopic: string): Promise<string[]> {
  const queue = liteQueue(LITE, liteTopic);
  const request = pullRequest({ topic: queue, group: READER, header: { suspendTimeoutMillis: '0', sysFlag: '4' } });
  const { code, remark, body } = await client.request(request, TIMEOUT_MS);
  assert.equal(code, 0, remark);
  const found = records(body);
  for (const { properties } of found) assert.equal(propertyOf(properties, 'INNER_MULTI_DISPATCH'), queue);
  return found.map((record) => record.body.toString());
}
