import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { Deferred } from '../../../src/base/deferred.ts';
import { encodeGrpcFrame } from '../../../src/protocol/grpc/grpcFrame.ts';
import { ReceiveMessageRequestSchema } from '../../../src/protocol/grpc/service_pb.ts';
import { TOPIC, bodies, receiveLater, receiveRequest } from './grpcConsumer.ts';
import type { ReceiveParts, ReceivedItems } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';

/** What was given to a client that is gone is visible for others a second later, and counts as no attempt. */
describe('a gRPC receive that lost its client (checks 13, 23)', () => {
  let test: GrpcTestBroker;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    test = await GrpcTestBroker.start({ broker: { popFromRetryProbability: 0 } });
    await test.broker.createTopic(TOPIC, 1);
    session = connect(`http://${test.address}`);
  });
  afterEach(async () => {
    session.destroy();
    await test.stop();
  });

  /** A receive whose client reads nothing. */
  const unread = (parts: ReceiveParts = {}, headers: Record<string, string> = {}): ClientHttp2Stream => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/apache.rocketmq.v2.MessagingService/ReceiveMessage',
      'content-type': 'application/grpc',
      'x-mq-client-id': 'lost',
      ...headers,
    });
    stream.on('error', () => undefined);
    const request = create(ReceiveMessageRequestSchema, receiveRequest(parts));
    stream.end(encodeGrpcFrame(toBinary(ReceiveMessageRequestSchema, request)));
    return stream;
  };
  /** More than a client takes that does not read. */
  const BODY = 'x'.repeat(512 * 1024);

  const found = async (): Promise<ReceivedItems> => {
    const client = test.client();
    for (let polls = 0; polls < 20; polls += 1) {
      const received = await receiveLater(test.broker, client, {}, 100);
      if (received.messages.length > 0) return received;
    }
    return assert.fail('it did not come');
  };
  /** Of the first message that others get, and for how long it was hidden. */
  const attempt = async (): Promise<{ attempt: number | undefined; hiddenMs: number }> => {
    const sinceMs = test.broker.clock.now();
    const { messages } = await found();
    return { attempt: messages[0]?.systemProperties?.deliveryAttempt, hiddenMs: test.broker.clock.now() - sinceMs };
  };

  for (const [who, parts] of [
    ['simple', { invisibleMs: 3_600_000 }],
    ['push', { autoRenew: true }],
  ] as const) {
    it(`while it was read, by a ${who} consumer that cancels`, async () => {
      await test.broker.send(TOPIC, BODY);
      const stream = unread(parts);
      await once(stream, 'response');
      stream.close(constants.NGHTTP2_CANCEL);
      const { attempt: which, hiddenMs } = await attempt();
      assert.equal(which, 1);
      assert.ok(hiddenMs >= 1000 && hiddenMs < 60_000, `${hiddenMs} ms`);
    });

    it(`while it was read, by a ${who} consumer whose connection breaks`, async () => {
      await test.broker.send(TOPIC, BODY);
      const stream = unread(parts);
      await once(stream, 'response');
      session.destroy();
      assert.equal((await attempt()).attempt, 1);
    });
  }

  it('since it did not read until its deadline', async () => {
    await test.broker.send(TOPIC, BODY);
    const stream = unread({ invisibleMs: 3_600_000, pollMs: 5000 }, { 'grpc-timeout': '20S' });
    await once(stream, 'response');
    const { attempt: which, hiddenMs } = await attempt();
    assert.equal(which, 1);
    // The deadline, the second, and the polls between.
    assert.ok(hiddenMs >= 21_000 && hiddenMs < 60_000, `${hiddenMs} ms`);
  });

  it('before the messages were found', async () => {
    const { store } = test.broker.context;
    const flushed = new Deferred<boolean>();
    const asked = new Deferred<undefined>();
    await test.broker.send(TOPIC, 'm');
    const original = store.flushed.bind(store);
    store.flushed = () => {
      asked.resolve(undefined);
      return flushed.promise;
    };
    const stream = unread({ invisibleMs: 3_600_000 });
    await asked.promise;
    stream.close(constants.NGHTTP2_CANCEL);
    // The answer to a ping comes after what was sent before it was seen.
    await new Promise<void>((resolve) => session.ping(() => resolve()));
    store.flushed = original;
    flushed.resolve(true);
    const received = await found();
    assert.deepEqual([bodies(received), received.messages[0]?.systemProperties?.deliveryAttempt], [['m'], 1]);
  });
});
