import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { create } from '@bufbuild/protobuf';
import { isCodedError } from '../../../../src/base/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../../../src/base/errors.ts';
import { EndpointClient } from '../../../../src/client/grpc/endpointClient.ts';
import type { EndpointClientOptions } from '../../../../src/client/grpc/endpointClient.ts';
import type { Delivery } from '../../../../src/client/grpc/endpointModel.ts';
import {
  Code,
  MessageType,
  PublishingSchema,
  TransactionResolution,
} from '../../../../src/protocol/grpc/definition_pb.ts';
import { TestBroker } from '../../../broker/testBroker.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { freePort } from '../../../support/freePort.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { OK, ScriptedEndpoint } from '../../../support/scriptedEndpoint.ts';
import type { Script } from '../../../support/scriptedEndpoint.ts';

describe('EndpointClient', () => {
  const clients: EndpointClient[] = [];
  const connect = (address: string, options: Partial<EndpointClientOptions> = {}): EndpointClient => {
    const client = new EndpointClient({ address, tls: 'off', timeoutMs: 20_000, ...options });
    clients.push(client);
    return client;
  };
  const rejects = (asked: Promise<unknown>, code: ErrorCode, details: ErrorDetails): Promise<void> =>
    assert.rejects(asked, (error) => {
      assert.ok(isCodedError(error, code), String(error));
      assert.deepEqual({ ...error.details, ...details }, error.details);
      return true;
    });

  afterEach(() => {
    for (const client of clients.splice(0)) client.dispose();
  });

  describe('with the local broker', () => {
    let broker: TestBroker;
    let address: string;

    before(async () => {
      broker = await TestBroker.start({ broker: { grpcServerPort: 0, autoCreateTopicEnable: false } });
      address = broker.runtime.broker.grpcAddress ?? '';
      await broker.createTopic('Orders');
    });

    after(() => broker.stop());

    for (const tls of ['off', 'any-certificate'] as const) {
      it(`reads the route of a topic (TLS: ${tls})`, async () => {
        const queues = await connect(address, { tls }).route('Orders');
        assert.ok(queues.length > 0);
        assert.deepEqual(queues[0], {
          topic: 'Orders',
          brokerName: broker.runtime.broker.context.config.brokerName,
          queueId: 0,
          permission: 'readWrite',
          endpoints: [address],
          accepts: ['NORMAL'],
        });
      });
    }

    it('names the topic that is not there', () =>
      rejects(connect(address).route('Nowhere'), 'topic-not-found', { topic: 'Nowhere' }));

    it('asks for no topic that cannot be', () =>
      rejects(connect(address).route('a b'), 'topic-name-invalid', { reason: 'illegal-characters' }));

    for (const [delivery, messageType] of [
      [{ type: 'NORMAL' }, 'NORMAL'],
      [{ type: 'FIFO', group: 'g' }, 'FIFO'],
      [{ type: 'TRANSACTION', end: 'commit' }, 'TRANSACTION'],
    ] as const) {
      it(`sends a message of type ${delivery.type}, and receives it as a group`, async () => {
        const topic = `Typed-${delivery.type}`;
        await broker.createTopic(topic, 4, { attributes: `+message.type=${messageType}` });
        const client = connect(address);
        assert.deepEqual((await client.route(topic))[0]?.accepts, [messageType]);
        const tail = client.tail(topic, `group-of-${delivery.type}`);
        const received: string[] = [];
        tail.onMessages((messages) =>
          received.push(...messages.map(({ messageId, body }) => `${messageId} ${String(body)}`)),
        );
        await tail.ready;
        const { messageId } = await client.send({ topic, body: Buffer.from('typed'), delivery });
        await waitFor('the message', () => received.length === 1);
        assert.deepEqual(received, [`${messageId} typed`]);
      });
    }

    it('refuses a message of another type than the topic takes', () =>
      rejects(
        connect(address).send({ topic: 'Orders', body: Buffer.from('x'), delivery: { type: 'FIFO', group: 'g' } }),
        'grpc-refused',
        { refusal: 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE' },
      ));

    it('reads what the endpoint tells producers', async () => {
      assert.deepEqual(await connect(address).settings(), {
        maxBodyBytes: 4 * 1024 * 1024,
        checksMessageType: true,
        maxAttempts: 3,
      });
    });

    it('finds an endpoint well', async () => {
      const { address: probed, problem } = await connect(address, { tls: 'any-certificate' }).probe();
      assert.deepEqual([probed, problem], [address, undefined]);
    });

    it('takes no certificate that nobody vouches for', async () => {
      const { problem } = await connect(address, { tls: 'verified' }).probe();
      assert.equal(problem?.code, 'certificate-untrusted');
    });

    it('says of a NameServer that it speaks no gRPC, by TLS or without', async () => {
      const nameServer = broker.runtime.nameServerAddress;
      for (const tls of ['off', 'any-certificate'] as const) {
        const { problem } = await connect(nameServer, { tls }).probe();
        assert.equal(problem?.code, 'not-grpc', tls);
      }
    });
  });

  it('says that nobody listens', async () => {
    const { problem } = await connect(`127.0.0.1:${await freePort()}`).probe();
    assert.equal(problem?.code, 'connect-refused');
  });

  describe('with an endpoint that does as it is told', () => {
    const endpoints: ScriptedEndpoint[] = [];
    const serve = async (script: Script): Promise<ScriptedEndpoint> => {
      const endpoint = await ScriptedEndpoint.start(script);
      endpoints.push(endpoint);
      return endpoint;
    };
    const sent = { messageId: 'M1', transactionId: 'T1', offset: 7n, recallHandle: 'R1', status: OK };
    const sends: Script = { sendMessage: () => [{ status: OK, entries: [sent] }] };

    afterEach(async () => {
      for (const client of clients.splice(0)) client.dispose();
      for (const endpoint of endpoints.splice(0)) await endpoint.stop();
    });

    const cases: readonly (readonly [Delivery, MessageType, object])[] = [
      [{ type: 'NORMAL' }, MessageType.NORMAL, {}],
      [{ type: 'FIFO', group: 'g' }, MessageType.FIFO, { messageGroup: 'g' }],
      [{ type: 'PRIORITY', priority: 3 }, MessageType.PRIORITY, { priority: 3 }],
      [{ type: 'LITE', liteTopic: 'l' }, MessageType.LITE, { liteTopic: 'l' }],
    ];
    for (const [delivery, messageType, more] of cases) {
      it(`sends a message of type ${delivery.type}`, async () => {
        const endpoint = await serve(sends);
        const receipt = await connect(endpoint.address).send({
          topic: 'T',
          tag: 'a',
          keys: ['k1', 'k2'],
          properties: new Map([['p', 'v']]),
          body: Buffer.from('hello'),
          delivery,
        });
        const { elapsedMs, ...told } = receipt;
        assert.ok(elapsedMs >= 0);
        assert.deepEqual(told, { messageId: 'M1', offset: 7, transactionId: undefined, recallHandle: 'R1' });
        const [message] = endpoint.requests('sendMessage')[0]?.messages ?? [];
        assert.equal(message?.topic?.name, 'T');
        assert.equal(Buffer.from(message.body).toString(), 'hello');
        assert.deepEqual(message.userProperties, { p: 'v' });
        const system = { ...message.systemProperties };
        assert.match(system.messageId ?? '', /^[0-9A-F]{32}$/);
        const { tag, keys } = system;
        assert.deepEqual({ tag, keys, messageType: system.messageType }, { tag: 'a', keys: ['k1', 'k2'], messageType });
        assert.deepEqual({ ...system, ...more }, system);
      });
    }

    it('sends a message for a later moment', async () => {
      const endpoint = await serve(sends);
      const delivery = { type: 'DELAY', deliverAtMs: 1_800_000_000_250 } as const;
      await connect(endpoint.address).send({ topic: 'T', body: Buffer.from('x'), delivery });
      const { systemProperties } = endpoint.requests('sendMessage')[0]?.messages[0] ?? {};
      const { seconds, nanos } = systemProperties?.deliveryTimestamp ?? {};
      assert.deepEqual([seconds, nanos], [1_800_000_000n, 250_000_000]);
    });

    for (const end of ['commit', 'rollback'] as const) {
      it(`ends a transaction by ${end}`, async () => {
        const endpoint = await serve(sends);
        const delivery = { type: 'TRANSACTION', end } as const;
        const receipt = await connect(endpoint.address).send({ topic: 'T', body: Buffer.from('x'), delivery });
        assert.equal(receipt.transactionId, 'T1');
        const [request] = endpoint.requests('endTransaction');
        assert.deepEqual(
          [request?.topic?.name, request?.messageId, request?.transactionId, request?.resolution],
          ['T', 'M1', 'T1', end === 'commit' ? TransactionResolution.COMMIT : TransactionResolution.ROLLBACK],
        );
      });
    }

    it('tells a refusal by its name', async () => {
      const message = 'org.apache.rocketmq.proxy.common.ProxyException: expected FIFO';
      const status = { code: Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE, message };
      const endpoint = await serve({ sendMessage: () => [{ status, entries: [] }] });
      await rejects(
        connect(endpoint.address).send({ topic: 'T', body: Buffer.from('x'), delivery: { type: 'NORMAL' } }),
        'grpc-refused',
        { rpc: 'SendMessage', refusal: 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE', reason: 'expected FIFO' },
      );
    });

    it('does not wait for ever', async () => {
      const endpoint = await serve({ queryRoute: () => undefined });
      const clock = new FakeClock();
      const failed = rejects(connect(endpoint.address, { clock, timeoutMs: 100 }).route('T'), 'grpc-timeout', {
        rpc: 'QueryRoute',
        timeoutMs: 100,
      });
      await waitFor('the question', () => endpoint.requests('queryRoute').length === 1);
      clock.advance(100);
      await failed;
    });

    it('tells that the endpoint went away, and connects again', async () => {
      const endpoint = await serve({
        queryRoute: (_request, call) => {
          if (endpoint.requests('queryRoute').length === 1) call.end(14, 'the server stops');
          return call.isOpen ? [{ status: OK, messageQueues: [] }] : undefined;
        },
      });
      const client = connect(endpoint.address);
      await rejects(client.route('T'), 'grpc-failed', { status: 14, reason: 'the server stops' });
      assert.deepEqual(await client.route('T'), []);
    });

    it('signs every call', async () => {
      const endpoint = await serve({ queryRoute: () => [{ status: OK, messageQueues: [] }] });
      let asked = 0;
      const credentials = () => {
        asked += 1;
        return Promise.resolve({ accessKey: 'ak', secretKey: 'sk', securityToken: 'st' });
      };
      const client = connect(endpoint.address, { credentials });
      await client.route('T');
      await client.route('T');
      assert.equal(asked, 1);
      for (const { header } of endpoint.seen) {
        const time = header('x-mq-date-time') ?? '';
        assert.match(time, /^\d{8}T\d{6}Z$/);
        const signature = createHmac('sha1', 'sk').update(time).digest('hex');
        assert.equal(
          header('authorization'),
          `MQv2-HMAC-SHA1 Credential=ak, SignedHeaders=x-mq-date-time, Signature=${signature}`,
        );
        assert.equal(header('x-mq-session-token'), 'st');
        assert.match(header('x-mq-client-id') ?? '', /@/);
      }
    });

    it('asks for the credentials again that could not be read', async () => {
      const endpoint = await serve({ queryRoute: () => [{ status: OK, messageQueues: [] }] });
      let asked = 0;
      const credentials = () => {
        asked += 1;
        if (asked <= 2) return Promise.reject(new Error('the keyring is locked'));
        return Promise.resolve({ accessKey: 'ak', secretKey: 'sk' });
      };
      const client = connect(endpoint.address, { credentials });
      await rejects(client.route('T'), 'internal', { reason: 'the keyring is locked' });
      assert.equal((await client.probe()).problem?.code, 'internal');
      assert.deepEqual(await client.route('T'), []);
      assert.match(endpoint.seen[0]?.header('authorization') ?? '', /Credential=ak, /);
    });

    it('says nothing of itself without credentials', async () => {
      const endpoint = await serve({ queryRoute: () => [{ status: OK, messageQueues: [] }] });
      await connect(endpoint.address).route('T');
      assert.equal(endpoint.seen[0]?.header('authorization'), undefined);
    });

    it('gives up on settings that do not come', async () => {
      const endpoint = await serve({ telemetry: () => undefined });
      const clock = new FakeClock();
      const settings = connect(endpoint.address, { clock, timeoutMs: 100 }).settings();
      const failed = rejects(settings, 'grpc-timeout', { rpc: 'Telemetry' });
      await waitFor('the question', () => endpoint.requests('telemetry').length === 1);
      clock.advance(100);
      await failed;
    });

    it('tells who is refused settings why, though the stream ends at once', async () => {
      const status = { code: Code.UNAUTHORIZED, message: 'check signature failed.' };
      const endpoint = await serve({
        telemetry: (_request, call) => {
          setImmediate(() => call.end());
          return [{ status, command: { case: undefined } }];
        },
      });
      const client = connect(endpoint.address);
      const refused = { rpc: 'Telemetry', refusal: 'UNAUTHORIZED', reason: 'check signature failed.' };
      await rejects(client.settings(), 'grpc-refused', refused);
      assert.deepEqual((await client.probe()).problem?.details, { address: endpoint.address, ...refused });
    });

    it('waits on while it is told something else than settings', async () => {
      const value = create(PublishingSchema, { maxBodySize: 5, validateMessageType: true });
      const endpoint = await serve({
        telemetry: () => [
          { command: { case: 'printThreadStackTraceCommand', value: { nonce: 'n' } } },
          { status: OK, command: { case: 'settings', value: { pubSub: { case: 'publishing', value } } } },
        ],
      });
      assert.equal((await connect(endpoint.address).settings()).maxBodyBytes, 5);
    });

    it('reads settings of a stream, and closes it', async () => {
      const value = create(PublishingSchema, { maxBodySize: 5, validateMessageType: false });
      const endpoint = await serve({
        telemetry: () => [
          { status: OK, command: { case: 'settings', value: { pubSub: { case: 'publishing', value } } } },
        ],
      });
      const settings = await connect(endpoint.address).settings();
      assert.deepEqual(settings, { maxBodyBytes: 5, checksMessageType: false, maxAttempts: 0 });
    });
  });
});
