import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { isCodedError } from '../../../src/base/errors.ts';
import { AddressScheme, ClientType, Code, MessageType, Permission } from '../../../src/protocol/grpc/definition_pb.ts';
import { encodeGrpcFrame } from '../../../src/protocol/grpc/grpcFrame.ts';
import { QueryRouteRequestSchema } from '../../../src/protocol/grpc/service_pb.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { TestBroker } from '../testBroker.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import { consumerSettings, producerSettings } from './testSettings.ts';

const { NORMAL, FIFO, DELAY, TRANSACTION, PRIORITY, LITE, MESSAGE_TYPE_UNSPECIFIED } = MessageType;

describe('gRPC endpoint', () => {
  let test: GrpcTestBroker;

  beforeEach(async () => {
    test = await GrpcTestBroker.start();
  });
  afterEach(() => test.stop());

  it('is off unless a port is named', async () => {
    const other = await TestBroker.start();
    assert.equal(other.runtime.broker.grpcAddress, null);
    await other.stop();
  });

  it('says that its port is taken', async () => {
    const port = Number(test.address.split(':')[1]);
    await assert.rejects(
      TestBroker.start({ broker: { grpcServerPort: port } }),
      (error) => isCodedError(error, 'port-in-use') && error.details['port'] === port,
    );
  });

  describe('transport', () => {
    it('serves plaintext and TLS on one port (checks 1, 2)', async () => {
      for (const tls of [false, true]) {
        const answer = await test.client({ tls }).call('queryRoute', { topic: { name: 'TopicA' } });
        assert.equal(answer.status?.code, Code.OK, `tls: ${tls}`);
      }
    });

    it('shows the same certificate after a restart, and another when that is gone', async () => {
      const directory = makeTempDir('grpc-tls');
      const shown = async (): Promise<string> => {
        const started = await TestBroker.start({ broker: { grpcServerPort: 0 }, directory: directory.path });
        const [host, port] = (started.runtime.broker.grpcAddress ?? '').split(':');
        const socket = connectTls({ host, port: Number(port), ALPNProtocols: ['h2'], rejectUnauthorized: false });
        await new Promise((resolve) => socket.once('secureConnect', resolve));
        const { fingerprint256 } = socket.getPeerCertificate();
        assert.equal(socket.alpnProtocol, 'h2');
        socket.destroy();
        await started.stop();
        return fingerprint256;
      };
      const first = await shown();
      assert.equal(await shown(), first);
      const key = path.join(directory.path, 'config', 'tls', 'rocketmq.key');
      assert.match(readFileSync(key, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
      rmSync(key);
      assert.notEqual(await shown(), first);
      directory.remove();
    });

    it('takes any headers besides the client id (checks 7, 8)', async () => {
      for (const metadata of [
        { 'x-mq-language': '', 'x-mq-client-version': '' },
        { 'x-mq-language': 'KLINGON', 'x-mq-protocol': 'GRPC_V2', 'x-mq-namespace': 'n' },
        { 'x-mq-date-time': '2026-01-01T00:00:00Z', authorization: 'MQv2-HMAC-SHA1 Credential=, Signature=00' },
      ]) {
        const answer = await test.client({ metadata }).call('queryRoute', { topic: { name: 'TopicA' } });
        assert.equal(answer.status?.code, Code.OK);
      }
    });

    it('says UNIMPLEMENTED to an RPC that there is not, reflection too (checks 11, 12)', async () => {
      const session = connectHttp2(`http://${test.address}`);
      for (const path of [
        '/apache.rocketmq.v2.MessagingService/Nothing',
        '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
        '/grpc.channelz.v1.Channelz/GetTopChannels',
      ]) {
        const request = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
        const headers = await new Promise<Record<string, unknown>>((resolve) => request.once('response', resolve));
        assert.equal(headers['grpc-status'], String(status.UNIMPLEMENTED), path);
      }
      await new Promise<void>((resolve) => session.close(resolve));
    });

    it('says 415 to what is not gRPC', async () => {
      const session = connectHttp2(`http://${test.address}`);
      const request = session.request({ ':path': '/' });
      const headers = await new Promise<Record<string, unknown>>((resolve) => request.once('response', resolve));
      assert.equal(headers[':status'], 415);
      await new Promise<void>((resolve) => session.close(resolve));
    });

    const rawCall = async (body: Buffer, headers: Record<string, string> = {}): Promise<Record<string, unknown>> => {
      const session = connectHttp2(`http://${test.address}`);
      const request = session.request({
        ':method': 'POST',
        ':path': '/apache.rocketmq.v2.MessagingService/QueryRoute',
        'content-type': 'application/grpc+proto',
        'x-mq-client-id': 'raw',
        ...headers,
      });
      const answer = new Promise<Record<string, unknown>>((resolve) => {
        request.once('response', (found: Record<string, unknown>) => {
          if (found['grpc-status'] !== undefined) resolve(found);
        });
        request.once('trailers', resolve);
      });
      request.end(body);
      request.resume();
      const found = await answer;
      await new Promise<void>((resolve) => session.close(resolve));
      return found;
    };
    const routeRequest = toBinary(QueryRouteRequestSchema, create(QueryRouteRequestSchema, { topic: { name: 'T' } }));

    it('takes requests that are compressed by gzip, and no others', async () => {
      const packed = encodeGrpcFrame(gzipSync(routeRequest));
      packed[0] = 1;
      assert.equal((await rawCall(packed, { 'grpc-encoding': 'gzip' }))['grpc-status'], '0');
      const other = await rawCall(packed, { 'grpc-encoding': 'snappy' });
      assert.equal(other['grpc-status'], String(status.UNIMPLEMENTED));
    });

    it('says what is wrong with a request, and goes on', async () => {
      const cases: readonly (readonly [string, Buffer, number])[] = [
        ['no message', Buffer.alloc(0), status.INTERNAL],
        ['half a message', encodeGrpcFrame(routeRequest).subarray(0, 7), status.INTERNAL],
        [
          'two messages',
          Buffer.concat([encodeGrpcFrame(routeRequest), encodeGrpcFrame(routeRequest)]),
          status.INTERNAL,
        ],
        ['no protobuf', encodeGrpcFrame(Buffer.from([0xff, 0xff])), status.INVALID_ARGUMENT],
        ['more than is taken', Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), status.RESOURCE_EXHAUSTED],
      ];
      for (const [what, body, code] of cases) {
        assert.equal((await rawCall(body))['grpc-status'], String(code), what);
      }
      assert.equal((await rawCall(encodeGrpcFrame(routeRequest)))['grpc-status'], '0');
    });

    it('closes connections that speak something else, the PROXY protocol too (check 12)', async () => {
      const [host, port] = test.address.split(':');
      for (const text of [
        'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
        'PROXY TCP4 192.0.2.1 192.0.2.2 56324 8081\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'nonsense'.repeat(10),
        '\u0016\u0003\u0001\u0000\u0005hello',
      ]) {
        const socket = connectTcp({ host, port: Number(port) });
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(text);
        await closed;
      }
      const answer = await test.client().call('queryRoute', { topic: { name: 'T' } });
      assert.equal(answer.status?.code, Code.OK);
    });

    it('closes a connection without a call for two minutes, and none that has one (check 4)', async () => {
      const idle = connectHttp2(`http://${test.address}`);
      await new Promise((resolve) => idle.once('remoteSettings', resolve));
      const closed = new Promise((resolve) => idle.once('close', resolve));
      const stream = test.client().telemetry();
      stream.write(producerSettings('TopicA'));
      await stream.next();
      test.broker.clock.advance(119_000);
      assert.ok(!idle.closed);
      test.broker.clock.advance(20_000);
      await closed;
      stream.write(producerSettings('TopicA'));
      assert.equal((await stream.next()).status?.code, Code.OK);
    });

    it('answers pings (check 4)', async () => {
      const session = connectHttp2(`http://${test.address}`);
      await new Promise((resolve) => session.once('remoteSettings', resolve));
      for (let sent = 0; sent < 20; sent += 1) {
        const error = await new Promise((resolve) => session.ping((problem) => resolve(problem)));
        assert.equal(error, null);
      }
      await new Promise<void>((resolve) => session.close(resolve));
    });

    it('ends its streams when it stops', async () => {
      const stream = test.client().telemetry();
      stream.write(producerSettings('TopicA'));
      await stream.next();
      await test.broker.stop();
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
    });
  });

  describe('QueryRoute', () => {
    it('makes an unknown topic for messages of all types, reached where the client says (checks 27, 28, 29)', async () => {
      const endpoints = { scheme: AddressScheme.DOMAIN_NAME, addresses: [{ host: 'rocketmq.test', port: 18081 }] };
      const client = test.client();
      const answer = await client.call('queryRoute', { topic: { name: 'TopicA' }, endpoints });
      assert.equal(answer.status?.code, Code.OK);
      assert.deepEqual(
        answer.messageQueues.map(({ id }) => id),
        [0, 1, 2, 3],
      );
      for (const queue of answer.messageQueues) {
        assert.deepEqual(queue.acceptMessageTypes, [NORMAL, FIFO, DELAY, TRANSACTION, PRIORITY, LITE]);
        assert.equal(queue.permission, Permission.READ_WRITE);
        assert.deepEqual([queue.broker?.name, queue.broker?.id], ['broker-a', 0]);
        assert.equal(queue.broker?.endpoints?.scheme, AddressScheme.DOMAIN_NAME);
        assert.deepEqual(
          [queue.broker.endpoints.addresses[0]?.host, queue.broker.endpoints.addresses[0]?.port],
          ['rocketmq.test', 18081],
        );
      }
      assert.equal(test.broker.context.topics.get('TopicA')?.attributes['message.type'], 'MIXED');
    });

    it('names where the connection ends, when the client does not say it (check 27)', async () => {
      const answer = await test.client().call('queryRoute', { topic: { name: 'TopicA' } });
      const { scheme, addresses } = answer.messageQueues[0]?.broker?.endpoints ?? {};
      assert.equal(scheme, AddressScheme.IPv4);
      assert.equal(`${addresses?.[0]?.host}:${addresses?.[0]?.port}`, test.address);
    });

    it('says TOPIC_NOT_FOUND where topics are not made by themselves (check 29)', async () => {
      await test.stop();
      test = await GrpcTestBroker.start({ broker: { autoCreateTopicEnable: false } });
      const answer = await test.client().call('queryRoute', { topic: { name: 'TopicA' } });
      assert.deepEqual(
        [answer.status?.code, answer.status?.message],
        [Code.TOPIC_NOT_FOUND, 'No topic route info in name server for the topic: TopicA'],
      );
    });

    it('refuses names that cannot be, and system topics (check 30)', async () => {
      for (const name of ['', ' ', 'a b', 'a'.repeat(128), 'TBW102', 'rmq_sys_x', 'SCHEDULE_TOPIC_XXXX']) {
        const answer = await test.client().call('queryRoute', { topic: { name } });
        assert.equal(answer.status?.code, Code.ILLEGAL_TOPIC, name);
      }
    });

    it('names the type of a topic, NORMAL without one', async () => {
      for (const [type, expected] of [
        ['FIFO', [FIFO]],
        ['DELAY', [DELAY]],
        ['TRANSACTION', [TRANSACTION]],
        ['UNSPECIFIED', [MESSAGE_TYPE_UNSPECIFIED]],
        ['LITE', [LITE]],
      ] as const) {
        await test.broker.createTopic(type, 1, { attributes: `+message.type=${type}` });
        const answer = await test.client().call('queryRoute', { topic: { name: type } });
        assert.deepEqual(answer.messageQueues[0]?.acceptMessageTypes, expected, type);
      }
      await test.broker.createTopic('Plain', 1);
      const answer = await test.client().call('queryRoute', { topic: { name: 'Plain' } });
      assert.deepEqual(answer.messageQueues[0]?.acceptMessageTypes, [NORMAL]);
    });

    it('numbers read-only queues first, then those for both, as far as permissions go', async () => {
      await test.broker.createTopic('More', 2, { readQueueNums: '3' });
      const permissions = async (): Promise<Permission[]> => {
        const answer = await test.client().call('queryRoute', { topic: { name: 'More' } });
        return answer.messageQueues.map(({ permission }) => permission);
      };
      assert.deepEqual(await permissions(), [Permission.READ, Permission.READ_WRITE, Permission.READ_WRITE]);
      await test.broker.createTopic('More', 2, { readQueueNums: '3', perm: '2' });
      assert.deepEqual(await permissions(), [Permission.WRITE, Permission.WRITE]);
      await test.broker.createTopic('More', 2, { readQueueNums: '3', perm: '0' });
      assert.deepEqual(await permissions(), [Permission.NONE, Permission.NONE, Permission.NONE]);
    });
  });

  describe('Heartbeat and NotifyClientTermination', () => {
    it('keeps members that gave their settings (check 20)', async () => {
      const client = test.client();
      const stream = client.telemetry();
      stream.write(consumerSettings('GroupA', 'TopicA'));
      await stream.next();
      for (let minutes = 0; minutes < 3; minutes += 1) {
        await test.broker.clock.advanceAsync(60_000);
        const answer = await client.call('heartbeat', {
          group: { name: 'GroupA' },
          clientType: ClientType.PUSH_CONSUMER,
        });
        assert.equal(answer.status?.code, Code.OK);
      }
      assert.equal(test.broker.context.consumers.get('GroupA')?.members.size, 1);
      await test.broker.clock.advanceAsync(140_000);
      assert.equal(test.broker.context.consumers.get('GroupA'), undefined);
    });

    it('takes a client without settings for what it says it is (checks 20, 30)', async () => {
      const client = test.client();
      const request = { group: { name: 'GroupA' }, clientType: ClientType.PUSH_CONSUMER };
      assert.equal((await client.call('heartbeat', request)).status?.code, Code.OK);
      assert.equal((await client.call('heartbeat', { clientType: ClientType.PRODUCER })).status?.code, Code.OK);
      const nobody = await test.client().call('heartbeat', {});
      assert.equal(nobody.status?.code, Code.UNRECOGNIZED_CLIENT_TYPE);
      const illegal = await test.client().call('heartbeat', { ...request, group: { name: '' } });
      assert.equal(illegal.status?.code, Code.ILLEGAL_CONSUMER_GROUP);
    });

    it('ends the membership of a client that takes its leave (check 22)', async () => {
      const client = test.client();
      const stream = client.telemetry();
      stream.write(consumerSettings('GroupA', 'TopicA'));
      await stream.next();
      const answer = await client.call('notifyClientTermination', { group: { name: 'GroupA' } });
      assert.equal(answer.status?.code, Code.OK);
      assert.equal(test.broker.context.consumers.get('GroupA'), undefined);
      const again = await client.call('notifyClientTermination', { group: { name: 'GroupA' } });
      assert.equal(again.status?.code, Code.UNRECOGNIZED_CLIENT_TYPE);
    });

    it('takes an empty group from a producer, as Go sends it (check 22)', async () => {
      const client = test.client();
      const stream = client.telemetry();
      stream.write(producerSettings('TopicA'));
      await stream.next();
      assert.equal(test.broker.context.producers.members('TopicA')?.size, 1);
      const answer = await client.call('notifyClientTermination', { group: { name: '' } });
      assert.equal(answer.status?.code, Code.OK);
      assert.equal(test.broker.context.producers.members('TopicA'), undefined);
    });
  });
});
