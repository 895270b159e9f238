import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { ClientType, Code, MessageType } from '../../../src/protocol/grpc/definition_pb.ts';
import { LITE_QUEUE_ID, liteQueue } from '../../../src/protocol/liteTopic.ts';
import { GROUP, TOPIC } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import { LITE, createLiteTopic, sendLite, sync } from './liteClient.ts';
import { consumerSettings } from './testSettings.ts';

const LITE_TYPES = [ClientType.LITE_PUSH_CONSUMER, ClientType.LITE_SIMPLE_CONSUMER];

describe('gRPC lite topics', () => {
  let test: GrpcTestBroker;

  before(async () => {
    test = await GrpcTestBroker.start({ broker: { maxLmqConsumeQueueNum: 3 } });
    await createLiteTopic(test);
  });
  after(() => test.stop());

  it('are in the route of their topic, and of one that takes everything (check 28)', async () => {
    for (const [name, expected] of [
      [LITE, [MessageType.LITE]],
      ['Unknown', [1, 2, 3, 4, 6, 5]],
    ] as const) {
      const answer = await test.client().call('queryRoute', { topic: { name } });
      assert.deepEqual(answer.messageQueues[0]?.acceptMessageTypes, expected, name);
    }
  });

  it('give a client its quota, and the longest name (check 19)', async () => {
    for (const clientType of LITE_TYPES) {
      const stream = test.client().telemetry();
      stream.write(consumerSettings(GROUP, LITE, { clientType }));
      const { command } = await stream.next();
      assert.equal(command.case, 'settings');
      const { pubSub } = command.value;
      assert.equal(pubSub.case, 'subscription');
      assert.deepEqual([pubSub.value.liteSubscriptionQuota, pubSub.value.maxLiteTopicSize], [2000, 64]);
    }
  });

  it('take messages in a queue of their own beside that of their topic', async () => {
    const client = test.client();
    const first = await sendLite(client, 'a', 'a0');
    await sendLite(client, 'b', 'b0');
    await sendLite(client, 'a', 'a1');
    assert.equal(first.status?.code, Code.OK);
    const { store } = test.broker.context;
    assert.equal(store.maxOffset(liteQueue(LITE, 'a'), LITE_QUEUE_ID), 2);
    assert.equal(store.maxOffset(liteQueue(LITE, 'b'), LITE_QUEUE_ID), 1);
    const all = await test.broker.read(LITE);
    const others = await test.broker.read(LITE, 1);
    assert.equal(all.length + others.length, 3);
    // All of one lite topic are in one queue of the topic.
    const ofA = [...all, ...others].filter(({ properties }) => properties.includes('$LiteTopic$a\u0002'));
    assert.equal(new Set(ofA.map(({ queueId }) => queueId)).size, 1);
  });

  it('are no more than maxLmqConsumeQueueNum', async () => {
    const client = test.client();
    await sendLite(client, 'c', '');
    const { store } = test.broker.context;
    for (const name of ['b', 'c']) await sendLite(client, name, 'x');
    const answer = await sendLite(client, 'd', 'x');
    assert.equal(answer.status?.code, Code.LITE_TOPIC_QUOTA_EXCEEDED);
    assert.equal(store.hasQueue(liteQueue(LITE, 'd'), LITE_QUEUE_ID), false);
    assert.equal((await sendLite(client, 'a', 'x')).status?.code, Code.OK);
  });

  for (const [what, liteTopic, code] of [
    ['65 bytes', 'a'.repeat(65), Code.ILLEGAL_LITE_TOPIC],
    ['blanks', ' ', Code.ILLEGAL_LITE_TOPIC],
    ['a dot', 'a.b', Code.ILLEGAL_LITE_TOPIC],
    ['a dollar', 'a$b', Code.ILLEGAL_LITE_TOPIC],
    ['none', '', Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE],
  ] as const) {
    it(`take no message with a name of ${what}`, async () => {
      assert.equal((await sendLite(test.client(), liteTopic, 'x')).status?.code, code);
      if (liteTopic !== '') assert.equal((await sync(test.client(), [liteTopic])).status?.code, code);
    });
  }

  it('are none of a topic of another type', async () => {
    await test.broker.createTopic(TOPIC, 1);
    const { MESSAGE_PROPERTY_CONFLICT_WITH_TYPE, INTERNAL_SERVER_ERROR } = Code;
    assert.equal((await sendLite(test.client(), 'a', 'x', TOPIC)).status?.code, MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
    const refused = await sync(test.client(), ['a'], { topic: TOPIC });
    assert.deepEqual(
      [refused.status?.code, refused.status?.message],
      [INTERNAL_SERVER_ERROR, 'the topic [TopicA] message type not match'],
    );
  });
});

describe('gRPC lite topics that are off', () => {
  let test: GrpcTestBroker;

  before(async () => {
    test = await GrpcTestBroker.start({ broker: { enableLmq: false } });
    await createLiteTopic(test);
  });
  after(() => test.stop());

  for (const clientType of LITE_TYPES) {
    it(`take no ${ClientType[clientType]}`, async () => {
      const client = test.client();
      const stream = client.telemetry();
      stream.write(consumerSettings(GROUP, TOPIC, { clientType }));
      const ended = await stream.ended;
      assert.equal(ended.code, status.INVALID_ARGUMENT);
      assert.match(ended.details, /LITE_\w+_CONSUMER: lite topics are not served$/);
      const answer = await client.call('heartbeat', { clientType, group: { name: GROUP } });
      assert.equal(answer.status?.code, Code.UNRECOGNIZED_CLIENT_TYPE);
      assert.equal(test.broker.context.consumers.get(GROUP), undefined);
    });
  }

  it('take no subscription and no message', async () => {
    const client = test.client();
    for (const answer of [await sync(client, ['a']), await sendLite(client, 'a', 'x')]) {
      assert.deepEqual(
        [answer.status?.code, answer.status?.message],
        [Code.NOT_IMPLEMENTED, 'lite topics are not served'],
      );
    }
    assert.deepEqual(await test.broker.read(LITE), []);
  });
});
