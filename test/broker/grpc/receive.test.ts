import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { status as GrpcStatus } from '@grpc/grpc-js';
import { Code, DigestType, Encoding, MessageType, Permission } from '../../../src/protocol/grpc/definition_pb.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker } from '../testBroker.ts';
import { GROUP, TOPIC, ack, bodies, handleOf, receive, receiveRequest } from './grpcConsumer.ts';
import { GrpcTestClient } from './grpcTestClient.ts';
import type { GrpcTestClientOptions } from './grpcTestClient.ts';
import { consumerSettings } from './testSettings.ts';

describe('gRPC receive', () => {
  let broker: TestBroker;
  let clients: GrpcTestClient[];

  const start = async (settings = {}): Promise<void> => {
    broker = await TestBroker.start({ broker: { grpcServerPort: 0, popFromRetryProbability: 0, ...settings } });
    await broker.createTopic(TOPIC, 4);
  };

  beforeEach(async () => {
    clients = [];
    await start();
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await broker.stop();
    assert.equal(broker.clock.pendingCount, 0);
  });

  const connectClient = (options?: GrpcTestClientOptions): GrpcTestClient => {
    const client = new GrpcTestClient(broker.runtime.broker.grpcAddress ?? '', options);
    clients.push(client);
    return client;
  };
  /** A deadline in the words of the wire, by the broker's clock alone: the client itself keeps none. */
  const timeoutOf = (ms: number): Record<string, string> => ({ 'grpc-timeout': `${ms}m` });
  const held = (count = 1): Promise<unknown> =>
    waitFor('the receive to wait', () => broker.context.pops.held.size === count, { pollMs: 2 });

  it('gives a status, the messages and the time, from every queue whichever the client names (checks 44, 49)', async () => {
    const client = connectClient();
    for (const queueId of [0, 1, 2, 3]) await broker.send(TOPIC, `m${queueId}`, { queueId });
    const received = await receive(client, { queueId: 2 });
    assert.deepEqual(received.cases, ['status', 'message', 'message', 'message', 'message', 'deliveryTimestamp']);
    assert.equal(received.status?.code, Code.OK);
    assert.deepEqual(bodies(received).sort(), ['m0', 'm1', 'm2', 'm3']);
    const handles = received.messages.map(handleOf);
    assert.match(handles[0] ?? '', /^0 \d+ 30000 \d 0 broker-a \d 0 \d+$/);
    const answer = await ack(client, handles);
    assert.equal(answer.status?.code, Code.OK);
    assert.deepEqual(
      answer.entries.map(({ messageId, receiptHandle, status }) => [messageId, receiptHandle, status?.code]),
      handles.map((handle, index) => [`id-${index}`, handle, Code.OK]),
    );
  });

  it('gives as many as asked, 32 at most', async () => {
    for (let sent = 0; sent < 40; sent += 1) await broker.send(TOPIC, `m${sent}`);
    const client = connectClient();
    assert.equal((await receive(client, { batchSize: 3 })).messages.length, 3);
    assert.equal((await receive(client, { batchSize: 1000 })).messages.length, 32);
    assert.equal((await receive(client, { batchSize: 0 })).status?.code, Code.BAD_REQUEST);
  });

  it('gives a new group all that a young queue holds, and one that comes again only the rest (check 52)', async () => {
    for (const body of ['a', 'b']) await broker.send(TOPIC, body, { queueId: 0 });
    const client = connectClient();
    const first = await receive(client, { group: 'NewGroup' });
    assert.deepEqual(bodies(first), ['a', 'b']);
    await ack(client, first.messages.map(handleOf), { group: 'NewGroup' });
    await broker.send(TOPIC, 'c', { queueId: 0 });
    assert.deepEqual(bodies(await receive(connectClient(), { group: 'NewGroup' })), ['c']);
    assert.deepEqual(bodies(await receive(connectClient(), { group: 'Another' })), ['a', 'b', 'c']);
  });

  it('gives a new group only the last of a queue that is taken for old, and all that follows (check 52)', async () => {
    await broker.stop();
    await start({ initPopOffsetByCheckMsgInMem: false });
    for (const body of ['a', 'b', 'c']) await broker.send(TOPIC, body, { queueId: 0 });
    const client = connectClient();
    assert.deepEqual(bodies(await receive(client, { group: 'NewGroup' })), ['c']);
    await broker.send(TOPIC, 'd', { queueId: 0 });
    assert.deepEqual(bodies(await receive(client, { group: 'NewGroup' })), ['d']);
  });

  it('makes the group, and the topic where topics are made by themselves', async () => {
    const answer = receive(connectClient(), { topic: 'Unknown', group: 'NewGroup' });
    await held();
    assert.ok(broker.context.groups.has('NewGroup'));
    await broker.send('Unknown', 'm');
    assert.deepEqual(bodies(await answer), ['m']);
  });

  it('gives a message all that a client reads of it (checks 47, 53)', async () => {
    const properties = { UNIQ_KEY: 'KEY1', TAGS: 'TagA', KEYS: 'a b', colour: 'red', __SHARDINGKEY: 'order-1' };
    await broker.send(TOPIC, 'body', { queueId: 1, properties });
    const [message] = (await receive(connectClient())).messages;
    const system = message?.systemProperties;
    assert.deepEqual([message?.topic?.resourceNamespace, message?.topic?.name], ['', TOPIC]);
    assert.deepEqual(message?.userProperties, { colour: 'red' });
    assert.deepEqual(system?.bodyDigest?.type, DigestType.MD5);
    assert.equal(system.bodyDigest.checksum, createHash('md5').update('body').digest('hex').toUpperCase());
    assert.equal(system.bodyEncoding, Encoding.IDENTITY);
    assert.equal(system.messageType, MessageType.FIFO);
    assert.deepEqual(
      [system.messageId, system.tag, system.keys, system.messageGroup],
      ['KEY1', 'TagA', ['a', 'b'], 'order-1'],
    );
    assert.deepEqual([system.queueId, system.queueOffset, system.deliveryAttempt], [1, 0n, 1]);
    assert.equal(system.bornTimestamp?.seconds, 1_700_000_000n);
    assert.match(system.bornHost, /^\d+\.\d+\.\d+\.\d+$/);
    assert.match(system.storeHost, /:\d+$/);
    assert.equal(system.invisibleDuration, undefined);
  });

  it('gives plain bodies of remoting producers that compress, and one that is damaged as it is (check 48)', async () => {
    await broker.send(TOPIC, deflateSync('zlib body'), { header: { f: '1' } });
    await broker.send(TOPIC, 'no zlib', { header: { f: '1' } });
    const received = await receive(connectClient());
    assert.deepEqual(bodies(received), ['zlib body', 'no zlib']);
    const md5 = (body: string): string => createHash('md5').update(body).digest('hex').toUpperCase();
    assert.deepEqual(
      received.messages.map(({ systemProperties: system }) => [system?.bodyEncoding, system?.bodyDigest?.checksum]),
      [
        [Encoding.IDENTITY, md5('zlib body')],
        [Encoding.GZIP, md5('no zlib')],
      ],
    );
  });

  it('keeps bodies of 4 MiB whole, one a message (check 51)', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024 - 100, 7);
    await broker.stop();
    await start({ mappedFileSizeCommitLog: 16 * 1024 * 1024 });
    await broker.send(TOPIC, body);
    const { messages } = await receive(connectClient());
    assert.ok(body.equals(messages[0]?.body ?? Buffer.alloc(0)));
  });

  describe('waits', () => {
    it('for a message, until one comes (check 45)', async () => {
      const answer = receive(connectClient());
      await held();
      await broker.send(TOPIC, 'late');
      assert.deepEqual(bodies(await answer), ['late']);
      assert.equal(broker.context.pops.held.size, 0);
    });

    it('as long as the client wants, and says MESSAGE_NOT_FOUND (check 45)', async () => {
      const answer = receive(connectClient(), { pollMs: 6000 });
      await held();
      broker.clock.advance(5999);
      assert.equal(broker.context.pops.held.size, 1);
      broker.clock.advance(1);
      const { cases, status } = await answer;
      assert.deepEqual(cases, ['status', 'deliveryTimestamp']);
      assert.deepEqual([status?.code, status?.message], [Code.MESSAGE_NOT_FOUND, 'no new message']);
    });

    it('between 5 s and 20 s, and no longer than the client has (check 46)', async () => {
      // What the client asks for, how long its call may take, and how long it waits.
      for (const [pollMs, timeoutMs, waitsMs] of [
        [100, undefined, 5000],
        [60_000, undefined, 20_000],
        [undefined, undefined, 20_000],
        // Rust: the deadline is the time for which it polls.
        [12_000, 12_000, 11_800],
        // Go: the deadline alone says it; half of the request's time is kept.
        [undefined, 15_000, 13_500],
        [30_000, 8000, 7800],
      ] as const) {
        const client = connectClient(timeoutMs === undefined ? {} : { metadata: timeoutOf(timeoutMs) });
        const answer = receive(client, pollMs === undefined ? {} : { pollMs });
        await held();
        broker.clock.advance(waitsMs - 1);
        assert.equal(broker.context.pops.held.size, 1, `${waitsMs} ms`);
        broker.clock.advance(1);
        assert.equal((await answer).status?.code, Code.MESSAGE_NOT_FOUND);
      }
    });

    it('not when less than 5 s are left', async () => {
      const poll = async (version: string): Promise<Code | undefined> => {
        const client = connectClient({ metadata: { 'x-mq-client-version': version, ...timeoutOf(4000) } });
        return (await receive(client, { pollMs: 5000 })).status?.code;
      };
      assert.equal(await poll('5.0.3'), Code.ILLEGAL_POLLING_TIME);
      assert.equal(await poll('5.0.2'), Code.BAD_REQUEST);
    });

    it('with one of two consumers going on when the other one went (check 13)', async () => {
      const stream = connectClient().stream('receiveMessage', receiveRequest({}));
      const cancelled = new Promise<{ code: number }>((resolve) => stream.on('error', resolve as never));
      await held(1);
      const other = receive(connectClient());
      await held(2);
      stream.cancel();
      assert.equal((await cancelled).code, GrpcStatus.CANCELLED);
      await held(1);
      await broker.send(TOPIC, 'm');
      assert.deepEqual(bodies(await other), ['m']);
    });

    it('not for a client that takes its leave', async () => {
      const client = connectClient();
      const telemetry = client.telemetry();
      telemetry.write(consumerSettings(GROUP, TOPIC));
      await telemetry.next();
      const answer = receive(client, { autoRenew: true });
      await held();
      await client.call('notifyClientTermination', { group: { name: GROUP } });
      assert.deepEqual(bodies(await answer), []);
      assert.equal(broker.context.pops.held.size, 0);
    });

    it('not when too many wait (check 64)', async () => {
      await broker.stop();
      await start({ maxPopPollingSize: 1 });
      const first = receive(connectClient());
      await held();
      const { status } = await receive(connectClient());
      assert.deepEqual([status?.code, status?.message], [Code.TOO_MANY_REQUESTS, 'polling full']);
      await broker.send(TOPIC, 'm');
      assert.deepEqual(bodies(await first), ['m']);
    });
  });

  describe('filters', () => {
    beforeEach(async () => {
      // `BB` and `Aa` have the same hash in Java.
      for (const [body, tag] of Object.entries({ a: 'TagA', b: 'TagB', c: 'TagC', d: 'BB' })) {
        await broker.send(TOPIC, body, { properties: { UNIQ_KEY: body, TAGS: tag, size: String(body.charCodeAt(0)) } });
      }
    });

    for (const [tags, expected] of [
      ['*', ['a', 'b', 'c', 'd']],
      ['', ['a', 'b', 'c', 'd']],
      ['TagA', ['a']],
      ['TagA || TagC', ['a', 'c']],
    ] as const) {
      it(`takes '${tags}' (check 50)`, async () => {
        assert.deepEqual(bodies(await receive(connectClient(), { tags })), expected);
      });
    }

    it('compares tags by their text (check 50)', async () => {
      const answer = receive(connectClient(), { tags: 'Aa' });
      await held();
      await broker.send(TOPIC, 'e', { properties: { UNIQ_KEY: 'e', TAGS: 'Aa' } });
      assert.deepEqual(bodies(await answer), ['e']);
    });

    it('takes SQL92 (check 50)', async () => {
      assert.deepEqual(bodies(await receive(connectClient(), { sql: "TAGS = 'TagB' OR size > 98" })), ['b', 'c', 'd']);
    });

    for (const [parts, text] of [
      [{ sql: 'a is is' }, 'that is no SQL'],
      [{ sql: '' }, 'without SQL'],
      [{ tags: '||' }, 'without tags'],
    ] as const) {
      it(`refuses an expression ${text} (check 50)`, async () => {
        const { cases, status } = await receive(connectClient(), parts);
        assert.equal(status?.code, Code.ILLEGAL_FILTER_EXPRESSION);
        assert.deepEqual(cases, ['status', 'deliveryTimestamp']);
      });
    }
  });

  describe('refuses', () => {
    for (const [text, parts, code] of [
      ['an illegal topic', { topic: 'a b' }, Code.ILLEGAL_TOPIC],
      ['a system topic', { topic: 'rmq_sys_x' }, Code.ILLEGAL_TOPIC],
      ['an illegal group', { group: 'a b' }, Code.ILLEGAL_CONSUMER_GROUP],
      ['a system group', { group: 'CID_RMQ_SYS_x' }, Code.ILLEGAL_CONSUMER_GROUP],
      ['a time below 10 s', { invisibleMs: 9999 }, Code.ILLEGAL_INVISIBLE_TIME],
      ['a time above 12 h', { invisibleMs: 43_200_001 }, Code.ILLEGAL_INVISIBLE_TIME],
    ] as const) {
      it(text, async () => {
        assert.equal((await receive(connectClient(), parts)).status?.code, code);
      });
    }

    it('a topic that cannot be read, and a group that may not consume', async () => {
      await broker.createTopic('WriteOnly', 1, { perm: '2' });
      const { status } = await receive(connectClient(), { topic: 'WriteOnly' });
      assert.deepEqual([status?.code, status?.message], [Code.FORBIDDEN, 'no readable queue']);
      const { groups } = broker.context;
      groups.put({ ...(groups.find(GROUP) ?? assert.fail()), consumeEnable: false });
      assert.equal((await receive(connectClient())).status?.code, Code.INTERNAL_SERVER_ERROR);
    });

    it('a topic and a group that may not be made', async () => {
      await broker.stop();
      await start({ autoCreateTopicEnable: false, autoCreateSubscriptionGroup: false });
      assert.equal((await receive(connectClient(), { topic: 'Unknown' })).status?.code, Code.TOPIC_NOT_FOUND);
      assert.equal((await receive(connectClient())).status?.code, Code.CONSUMER_GROUP_NOT_FOUND);
    });
  });

  describe('QueryAssignment', () => {
    const ids = async (topic = TOPIC): Promise<unknown[]> => {
      const answer = await connectClient().call('queryAssignment', { topic: { name: topic }, group: { name: GROUP } });
      if (answer.status?.code !== Code.OK) return [answer.status?.code, answer.status?.message];
      return answer.assignments.map(({ messageQueue: queue }) => queue?.id);
    };

    it('gives the whole broker, the same each time (check 31)', async () => {
      const client = connectClient();
      const ask = () => client.call('queryAssignment', { topic: { name: TOPIC }, group: { name: GROUP } });
      const { status, assignments } = await ask();
      assert.equal(status?.code, Code.OK);
      assert.equal(assignments.length, 1);
      const queue = assignments[0]?.messageQueue;
      assert.deepEqual([queue?.id, queue?.permission, queue?.broker?.name], [-1, Permission.READ_WRITE, 'broker-a']);
      assert.deepEqual(queue?.acceptMessageTypes, []);
      assert.deepEqual((await ask()).assignments, assignments);
    });

    it('gives each queue to a group in order (check 31)', async () => {
      await ids();
      const { groups } = broker.context;
      groups.put({ ...(groups.find(GROUP) ?? assert.fail()), consumeMessageOrderly: true });
      assert.deepEqual(await ids(), [0, 1, 2, 3]);
    });

    it('says FORBIDDEN where nothing can be read', async () => {
      await broker.createTopic('WriteOnly', 1, { perm: '2' });
      assert.deepEqual(await ids('WriteOnly'), [Code.FORBIDDEN, 'no readable queue']);
    });
  });
});
