import assert from 'node:assert/strict';
import { connect, constants } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { GrpcClient } from '../../../src/broker/grpc/grpcClient.ts';
import { ClientType, Code } from '../../../src/protocol/grpc/definition_pb.ts';
import { encodeGrpcFrame } from '../../../src/protocol/grpc/grpcFrame.ts';
import { TelemetryCommandSchema } from '../../../src/protocol/grpc/service_pb.ts';
import { turns } from '../../support/turns.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import { consumerSettings, producerSettings } from './testSettings.ts';

describe('gRPC telemetry', () => {
  let test: GrpcTestBroker;

  beforeEach(async () => {
    test = await GrpcTestBroker.start();
  });
  afterEach(() => test.stop());

  it('answers the settings of a producer with back-off, sizes and what it sent (checks 14, 15, 17, 25)', async () => {
    const stream = test.client().telemetry();
    stream.write(producerSettings('TopicA'));
    const { status: state, command } = await stream.next();
    assert.equal(state?.code, Code.OK);
    assert.equal(command.case, 'settings');
    const { clientType, backoffPolicy, pubSub, metric } = command.value;
    assert.equal(clientType, ClientType.PRODUCER);
    assert.equal(metric?.on, false);
    assert.equal(backoffPolicy?.maxAttempts, 3);
    assert.equal(backoffPolicy.strategy.case, 'exponentialBackoff');
    const { initial, max, multiplier } = backoffPolicy.strategy.value;
    assert.deepEqual([initial?.nanos, max?.seconds, multiplier], [10_000_000, 1n, 2]);
    assert.equal(pubSub.case, 'publishing');
    const { topics, maxBodySize, validateMessageType } = pubSub.value;
    assert.deepEqual([topics[0]?.resourceNamespace, topics[0]?.name], ['ns', 'TopicA']);
    assert.deepEqual([maxBodySize, validateMessageType], [4 * 1024 * 1024, true]);
  });

  it('answers a producer without topics, as C++ starts (check 14)', async () => {
    const stream = test.client().telemetry();
    stream.write(producerSettings());
    const { command } = await stream.next();
    assert.equal(command.case === 'settings' && command.value.pubSub.case, 'publishing');
  });

  it('answers the settings of a consumer whose group nobody made, and makes it (checks 14, 16, 17, 25)', async () => {
    const stream = test.client().telemetry();
    stream.write(consumerSettings('GroupA', 'TopicA', { expression: 'a || b' }));
    const { status: state, command } = await stream.next();
    assert.equal(state?.code, Code.OK);
    assert.equal(command.case, 'settings');
    const { backoffPolicy, pubSub } = command.value;
    assert.equal(backoffPolicy?.maxAttempts, 17);
    assert.equal(backoffPolicy.strategy.case, 'customizedBackoff');
    const steps = backoffPolicy.strategy.value.next.map(({ seconds }) => Number(seconds));
    assert.deepEqual(steps, [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200]);
    assert.equal(pubSub.case, 'subscription');
    const { fifo, receiveBatchSize, longPollingTimeout, group, subscriptions, liteSubscriptionQuota } = pubSub.value;
    assert.deepEqual([fifo, receiveBatchSize, longPollingTimeout?.seconds], [false, 32, 20n]);
    assert.deepEqual([group?.resourceNamespace, group?.name], ['ns', 'GroupA']);
    assert.deepEqual(
      subscriptions.map(({ topic, expression }) => [topic?.name, expression?.expression]),
      [['TopicA', 'a || b']],
    );
    assert.equal(liteSubscriptionQuota, 2000);
    assert.ok(test.broker.context.groups.has('GroupA'));
    const known = test.broker.context.consumers.get('GroupA');
    assert.deepEqual(known?.subscriptions.get('TopicA')?.tags, ['a', 'b']);
    assert.equal(known.consumeType, 'CONSUME_PASSIVELY');
  });

  it('answers so too where groups are not made by themselves', async () => {
    await test.stop();
    test = await GrpcTestBroker.start({ broker: { autoCreateSubscriptionGroup: false } });
    const stream = test.client().telemetry();
    stream.write(consumerSettings('GroupA', 'TopicA', { clientType: ClientType.SIMPLE_CONSUMER }));
    const { command } = await stream.next();
    assert.equal(command.case === 'settings' && command.value.backoffPolicy?.maxAttempts, 17);
    assert.ok(!test.broker.context.groups.has('GroupA'));
  });

  it('tells what the settings of a group are', async () => {
    const group = test.broker.context.groups.find('Ordered');
    assert.ok(group !== undefined);
    test.broker.context.groups.put({ ...group, consumeMessageOrderly: true, retryMaxTimes: 3 });
    const stream = test.client().telemetry();
    stream.write(consumerSettings('Ordered', 'TopicA'));
    const { command } = await stream.next();
    assert.equal(command.case, 'settings');
    assert.equal(command.value.backoffPolicy?.maxAttempts, 4);
    assert.equal(command.value.pubSub.case === 'subscription' && command.value.pubSub.value.fifo, true);
  });

  it('answers every write, and tells the first settings once more after a second (checks 14, 15, 18)', async () => {
    const stream = test.client().telemetry();
    stream.write(producerSettings('TopicA'));
    await stream.next();
    stream.write(producerSettings('TopicA', 'TopicB'));
    await stream.next();
    test.broker.clock.advance(1000);
    const { command } = await stream.next();
    assert.ok(command.case === 'settings' && command.value.pubSub.case === 'publishing');
    assert.equal(command.value.pubSub.value.topics.length, 2);
    test.broker.clock.advance(60_000);
    assert.ok(stream.isDrained);
  });

  it('starts consumers of three topics as Node does, one after the other (check 18)', async () => {
    const topics = ['TopicA', 'TopicB', 'TopicC'];
    for (let started = 0; started < 6; started += 1) {
      const client = test.client();
      const stream = client.telemetry();
      await client.call('queryRoute', { topic: { name: topics[0] ?? '' } });
      stream.write(consumerSettings('GroupN', topics));
      // The first settings come while it waits for the other routes, and are lost; those of a second later are not.
      await stream.next();
      for (const name of topics.slice(1)) await client.call('queryRoute', { topic: { name } });
      test.broker.clock.advance(1000);
      const again = await stream.next();
      assert.equal(again.status?.code, Code.OK);
      assert.ok(again.command.case === 'settings' && again.command.value.pubSub.case === 'subscription');
      assert.equal(again.command.value.pubSub.value.subscriptions.length, 3);
      stream.halfClose();
      await stream.ended;
    }
  });

  it('sends its headers before anything was written, as Rust awaits them (check 10)', async () => {
    const stream = test.client().telemetry();
    await stream.headers();
  });

  it('ends its side when the client half-closes (check 24)', async () => {
    const stream = test.client().telemetry();
    stream.write(producerSettings('TopicA'));
    await stream.next();
    stream.halfClose();
    assert.equal((await stream.ended).code, status.OK);
  });

  it('refuses settings that are none, and names that cannot be', async () => {
    const none = test.client().telemetry();
    none.write({ command: { case: 'settings', value: { clientType: ClientType.PRODUCER } } });
    assert.deepEqual(await none.ended.then(({ code, details }) => [code, details]), [
      status.INVALID_ARGUMENT,
      'there is no publishing or subscription data in settings',
    ]);
    const group = test.client().telemetry();
    group.write(consumerSettings('bad group', 'TopicA'));
    assert.equal((await group.ended).code, status.INVALID_ARGUMENT);
    const topic = test.client().telemetry();
    topic.write(producerSettings('TBW102'));
    const { code, details } = await topic.ended;
    assert.deepEqual(
      [code, details],
      [status.INVALID_ARGUMENT, 'process client telemetryCommand failed. cannot access system topic'],
    );
  });

  describe('checks what an application says of its client', () => {
    const many = (count: number, length: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v'.repeat(length)]));
    const settings = (clientProperties: Record<string, string>) => {
      const { command } = producerSettings('TopicA');
      assert.ok(command?.case === 'settings');
      return { command: { ...command, value: { ...command.value, clientProperties } } };
    };

    it('which goes back unchanged (check 25)', async () => {
      for (const properties of [{ 'a.b_c-1': 'x'.repeat(256), [`k${'y'.repeat(63)}`]: '' }, many(32, 100)]) {
        const stream = test.client().telemetry();
        stream.write(settings(properties));
        const { status: told, command } = await stream.next();
        assert.equal(told?.code, Code.OK);
        assert.deepEqual(command.case === 'settings' && command.value.clientProperties, properties);
      }
    });

    for (const [what, properties] of [
      ['33 of them', many(33, 1)],
      ['a key that is too long', { [`k${'y'.repeat(64)}`]: '' }],
      ['a key that begins with a digit', { '1a': '' }],
      ['an empty key', { '': 'x' }],
      ['a value that is too long', { a: 'x'.repeat(257) }],
      ['more than 4 KiB in all', many(32, 125)],
    ] as const) {
      it(`and refuses ${what} (check 25)`, async () => {
        const client = test.client({ clientId: 'talkative' });
        const stream = client.telemetry();
        stream.write(settings(properties));
        assert.equal((await stream.next()).status?.code, Code.INVALID_CLIENT_PROPERTIES);
        assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
        assert.equal(test.broker.context.producers.members('TopicA'), undefined);
      });
    }
  });

  it('says CLIENT_ID_REQUIRED to who does not say who it is (check 6)', async () => {
    const client = test.client({ metadata: { 'x-mq-client-id': ' ' } });
    const stream = client.telemetry();
    stream.write(producerSettings('TopicA'));
    assert.equal((await stream.next()).status?.code, Code.CLIENT_ID_REQUIRED);
    assert.equal((await stream.ended).code, status.OK);
    const answer = await client.call('heartbeat', { clientType: ClientType.PRODUCER });
    assert.deepEqual(
      [answer.status?.code, answer.status?.message],
      [Code.CLIENT_ID_REQUIRED, 'client id cannot be empty'],
    );
  });

  it('keeps a client whose stream ended, and forgets it half a minute after its last connection (checks 21, 23)', async () => {
    const before = openSockets();
    const client = test.client({ clientId: 'me' });
    const stream = client.telemetry();
    stream.write(consumerSettings('GroupA', 'TopicA'));
    await stream.next();
    stream.cancel();
    await stream.ended;
    const again = client.telemetry();
    again.write(consumerSettings('GroupA', 'TopicA'));
    await again.next();
    const members = (): number => test.broker.context.consumers.get('GroupA')?.members.size ?? 0;
    assert.equal(members(), 1);
    again.cancel();
    await again.ended;
    client.close();
    await waitFor('the end of its connection', () => openSockets() <= before);
    await turns(300);
    let waitedMs = 0;
    while (members() > 0 && waitedMs < 60_000) {
      await turns(1);
      test.broker.clock.advance(100);
      waitedMs += 100;
    }
    assert.equal(members(), 0);
    assert.ok(waitedMs >= 30_000, `after ${waitedMs} ms`);
  });

  it('stays open with the 60 years that Java gives a stream, and with the 10 of C# (check 3)', async () => {
    for (const timeout of ['31535999M', '87600H', '99999999H']) {
      const session = connect(`http://${test.address}`);
      const request = session.request({
        ':method': 'POST',
        ':path': '/apache.rocketmq.v2.MessagingService/Telemetry',
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': timeout,
        'x-mq-client-id': 'java',
      });
      const trailers: Record<string, unknown>[] = [];
      request.on('trailers', (found: Record<string, unknown>) => trailers.push(found));
      await new Promise((resolve) => request.once('response', resolve));
      await test.broker.clock.advanceAsync(5 * 60_000);
      assert.deepEqual(trailers, [], timeout);
      assert.ok(!request.closed);
      // An empty TelemetryCommand, which asks nothing.
      request.end(encodeGrpcFrame(Buffer.alloc(0)));
      request.resume();
      await new Promise((resolve) => request.once('end', resolve));
      assert.equal(trailers[0]?.['grpc-status'], '0');
      await new Promise<void>((resolve) => session.close(resolve));
    }
  });

  it('takes a client that was silent for minutes for what it was, when it is heard again', async () => {
    const client = test.client({ clientId: 'stopped in a debugger' });
    const stream = client.telemetry();
    stream.write(consumerSettings('GroupA', 'TopicA'));
    await stream.next();
    await test.broker.clock.advanceAsync(131_000);
    assert.equal(test.broker.context.consumers.get('GroupA'), undefined);
    const answer = await client.call('heartbeat', { clientType: ClientType.PUSH_CONSUMER, group: { name: 'GroupA' } });
    assert.equal(answer.status?.code, Code.OK);
    const group = test.broker.context.consumers.get('GroupA');
    assert.deepEqual([...(group?.subscriptions.keys() ?? [])], ['TopicA']);
    assert.deepEqual(
      [...(group?.members.keys() ?? [])].map(({ isOpen }) => isOpen),
      [true],
    );
  });

  it('outlives streams that are reset before they are answered', async () => {
    const session = connect(`http://${test.address}`);
    for (const [rpc, type] of [
      ['Telemetry', 'application/grpc'],
      ['Heartbeat', 'application/grpc'],
      ['Heartbeat', 'text/plain'],
    ]) {
      for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR]) {
        const request = session.request({
          ':method': 'POST',
          ':path': `/apache.rocketmq.v2.MessagingService/${rpc}`,
          'content-type': type,
        });
        request.on('error', () => undefined);
        request.close(code);
        await new Promise((resolve) => request.once('close', resolve));
      }
    }
    await new Promise<void>((resolve) => session.close(resolve));
    const answer = await test.client().call('heartbeat', { clientType: ClientType.PRODUCER });
    assert.equal(answer.status?.code, Code.OK);
  });

  it('ends the stream of a client that does not read what it is told', async () => {
    const session = connect(`http://${test.address}`);
    const request = session.request({
      ':method': 'POST',
      ':path': '/apache.rocketmq.v2.MessagingService/Telemetry',
      'content-type': 'application/grpc',
      'x-mq-client-id': 'deaf',
    });
    request.on('error', () => undefined);
    const telemetry = create(TelemetryCommandSchema, consumerSettings('GroupA', 'TopicA'));
    request.write(encodeGrpcFrame(toBinary(TelemetryCommandSchema, telemetry)));
    const member = await waitFor(
      'the client',
      () => [...(test.broker.context.consumers.get('GroupA')?.members.keys() ?? [])][0],
      {
        pollMs: 1,
      },
    );
    assert.ok(member instanceof GrpcClient);
    const message = { topic: { name: 'TopicA' }, body: Buffer.alloc(4 * 1024 * 1024) };
    for (const nonce of ['1', '2', '3', '4', '5', '6']) {
      member.tell({ command: { case: 'verifyMessageCommand', value: { nonce, message } } });
    }
    await test.broker.clock.advanceAsync(60_000);
    await waitFor('the stream to end', () => !member.isOpen, { pollMs: 1 });
    assert.equal(member.isDisposed, false);
    session.destroy();
  });

  it('ends a stream whose deadline passed', async () => {
    const session = connect(`http://${test.address}`);
    const request = session.request({
      ':method': 'POST',
      ':path': '/apache.rocketmq.v2.MessagingService/Telemetry',
      'content-type': 'application/grpc',
      'grpc-timeout': '3S',
    });
    await new Promise((resolve) => request.once('response', resolve));
    const ended = new Promise<Record<string, unknown>>((resolve) => request.on('trailers', resolve));
    test.broker.clock.advance(3000);
    assert.equal((await ended)['grpc-status'], String(status.DEADLINE_EXCEEDED));
    session.destroy();
  });
});

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}
