import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { ClientType, Code, MessageType } from '../../../src/protocol/grpc/definition_pb.ts';
import { LiteSubscriptionAction } from '../../../src/protocol/grpc/definition_pb.ts';
import { GROUP, TOPIC } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import { consumerSettings } from './testSettings.ts';

/** Nothing promises lite topics, and whoever wants them learns it at once (checks 19, 28, 63). */
describe('gRPC lite topics', () => {
  let test: GrpcTestBroker;

  before(async () => {
    test = await GrpcTestBroker.start();
    await test.broker.createTopic('LiteTopic', 1, { attributes: '+message.type=LITE' });
  });
  after(() => test.stop());

  for (const clientType of [ClientType.LITE_PUSH_CONSUMER, ClientType.LITE_SIMPLE_CONSUMER]) {
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

  it('cannot be subscribed to', async () => {
    const answer = await test.client().call('syncLiteSubscription', {
      action: LiteSubscriptionAction.PARTIAL_ADD,
      topic: { name: TOPIC },
      group: { name: GROUP },
      liteTopicSet: ['a'],
    });
    assert.deepEqual(
      [answer.status?.code, answer.status?.message],
      [Code.NOT_IMPLEMENTED, 'syncLiteSubscription is not served'],
    );
  });

  it('are in no route', async () => {
    for (const [name, expected] of [
      ['LiteTopic', [MessageType.MESSAGE_TYPE_UNSPECIFIED]],
      ['Unknown', [1, 2, 3, 4, 6]],
    ] as const) {
      const answer = await test.client().call('queryRoute', { topic: { name } });
      assert.deepEqual(answer.messageQueues[0]?.acceptMessageTypes, expected, name);
    }
  });

  for (const [what, liteTopic, code] of [
    ['one that could be', 'a_B-1', Code.NOT_IMPLEMENTED],
    ['64 bytes', 'a'.repeat(64), Code.NOT_IMPLEMENTED],
    ['65 bytes', 'a'.repeat(65), Code.ILLEGAL_LITE_TOPIC],
    ['blanks', ' ', Code.ILLEGAL_LITE_TOPIC],
    ['a dot', 'a.b', Code.ILLEGAL_LITE_TOPIC],
  ] as const) {
    it(`take no message: ${what}`, async () => {
      for (const name of ['LiteTopic', 'Mixed']) {
        const answer = await test.client().call('sendMessage', {
          messages: [{ topic: { name }, body: Buffer.from('x'), systemProperties: { messageId: 'id', liteTopic } }],
        });
        assert.equal(answer.status?.code, code, name);
      }
      assert.deepEqual(await test.broker.read('LiteTopic'), []);
    });
  }

  it('are none where the name is empty', async () => {
    const answer = await test.client().call('sendMessage', {
      messages: [
        { topic: { name: 'Mixed' }, body: Buffer.from('x'), systemProperties: { messageId: 'id', liteTopic: '' } },
      ],
    });
    assert.equal(answer.status?.code, Code.OK);
  });
});
