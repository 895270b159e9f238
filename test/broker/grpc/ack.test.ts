import assert from 'node:assert/strict';
import { Code } from '../../../src/protocol/grpc/definition_pb.ts';
import type { Message } from '../../../src/protocol/grpc/definition_pb.ts';
import { parseOffsetMessageId } from '../../../src/protocol/messageId.ts';
import { decodeProperties } from '../../../src/protocol/messageProperty.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker } from '../testBroker.ts';
import { GROUP, TOPIC, ack, bodies, change, handleOf, receive } from './grpcConsumer.ts';
import type { ReceiveParts, ReceivedItems } from './grpcConsumer.ts';
import { GrpcTestClient } from './grpcTestClient.ts';
import type { TestTelemetry } from './grpcTestClient.ts';
import { consumerSettings } from './testSettings.ts';

const DEAD_LETTERS = `%DLQ%${GROUP}`;

describe('gRPC acknowledgements', () => {
  let broker: TestBroker;
  let clients: GrpcTestClient[];
  let client: GrpcTestClient;

  beforeEach(async () => {
    clients = [];
    broker = await TestBroker.start({ broker: { grpcServerPort: 0, popFromRetryProbability: 0 } });
    await broker.createTopic(TOPIC, 1);
    client = connectClient();
  });

  afterEach(async () => {
    for (const one of clients) one.close();
    await broker.stop();
    assert.equal(broker.clock.pendingCount, 0);
  });

  const connectClient = (): GrpcTestClient => {
    const connected = new GrpcTestClient(broker.runtime.broker.grpcAddress ?? '');
    clients.push(connected);
    return connected;
  };

  /** Waits for a message, moving time on. */
  const receiveLater = async (
    parts: ReceiveParts = {},
    by = client,
    stepMs = 100,
  ): Promise<ReceivedItems & { waitedMs: number }> => {
    const before = broker.clock.now();
    let received: ReceivedItems | undefined;
    const answer = receive(by, parts).then((items) => (received = items));
    const arrived = (): boolean => received !== undefined || broker.context.pops.held.size > 0;
    await waitFor('the call to arrive', arrived, { pollMs: 1 });
    await waitFor(
      'an answer',
      async () => {
        if (received === undefined) await broker.clock.advanceAsync(stepMs);
        return received !== undefined;
      },
      { pollMs: 1 },
    );
    return { ...(await answer), waitedMs: broker.clock.now() - before };
  };

  /** As long as it takes until nothing came for a whole poll. */
  const nothingMore = async (parts: ReceiveParts = {}, by = client): Promise<void> => {
    const { status } = await receiveLater(parts, by, 500);
    assert.equal(status?.code, Code.MESSAGE_NOT_FOUND);
  };

  const receiveOne = async (parts: ReceiveParts = {}, by = client): Promise<Message> => {
    const { messages } = await receiveLater({ batchSize: 1, ...parts }, by);
    return messages[0] ?? assert.fail('nothing came');
  };
  const attemptOf = ({ systemProperties }: Message): number | undefined => systemProperties?.deliveryAttempt;

  const setGroup = (settings: object): void => {
    const { groups } = broker.context;
    groups.put({ ...(groups.find(GROUP) ?? assert.fail()), ...settings });
  };

  describe('AckMessage', () => {
    it('consumes: what was acknowledged does not come again, however often that is said (check 54)', async () => {
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ invisibleMs: 10_000 }));
      for (let times = 0; times < 2; times += 1) {
        assert.equal((await ack(client, [handle])).entries[0]?.status?.code, Code.OK);
      }
      await nothingMore({ pollMs: 20_000 });
    });

    it('says which handles are none, with MULTIPLE_RESULTS over all (checks 55, 62)', async () => {
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne());
      const fields = handle.split(' ');
      const other = (place: number, value: string): string => fields.with(place, value).join(' ');
      const wrong = ['', 'garbage', '1 2 3', other(5, 'other-broker'), other(6, '9'), other(7, '9'), other(3, '77')];
      const answer = await ack(client, [...wrong, handle]);
      assert.deepEqual(
        answer.entries.map(({ status }) => status?.code),
        [...wrong.map(() => Code.INVALID_RECEIPT_HANDLE), Code.OK],
      );
      assert.deepEqual([answer.status?.code, answer.status?.message], [Code.MULTIPLE_RESULTS, 'MULTIPLE_RESULTS']);
      const all = await ack(client, ['garbage', 'rubbish']);
      assert.equal(all.status?.code, Code.INVALID_RECEIPT_HANDLE);
    });

    it('refuses a handle whose time is over, and a request without any (check 55)', async () => {
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ invisibleMs: 10_000 }));
      broker.clock.advance(10_000);
      const answer = await ack(client, [handle]);
      assert.deepEqual(
        [answer.entries[0]?.status?.code, answer.entries[0]?.status?.message],
        [Code.INVALID_RECEIPT_HANDLE, 'receipt handle is expired'],
      );
      const none = await ack(client, []);
      assert.deepEqual(
        [none.status?.code, none.status?.message],
        [Code.INTERNAL_SERVER_ERROR, 'ack message result is empty'],
      );
    });

    it('refuses names that cannot be', async () => {
      assert.equal((await ack(client, ['x'], { topic: 'a b' })).status?.code, Code.ILLEGAL_TOPIC);
      assert.equal((await ack(client, ['x'], { group: '' })).status?.code, Code.ILLEGAL_CONSUMER_GROUP);
    });
  });

  describe('ChangeInvisibleDuration', () => {
    it('gives another handle, with which the message comes again once more (check 56)', async () => {
      for (const body of ['a', 'b']) await broker.send(TOPIC, body);
      const { messages } = await receive(client, { invisibleMs: 10_000 });
      const [first = '', second = ''] = messages.map(handleOf);
      const changed = await change(client, second, 60_000);
      assert.equal(changed.status?.code, Code.OK);
      assert.notEqual(changed.receiptHandle, second);
      assert.equal((await ack(client, [first, changed.receiptHandle])).status?.code, Code.OK);
      for (let polls = 0; polls < 4; polls += 1) await nothingMore({ pollMs: 20_000 });
    });

    for (const [ms, text] of [
      [0, 'at once'],
      [5, 'after 5 ms, as Node wants it'],
      [5000, 'after 5 s'],
    ] as const) {
      it(`lets the message come again ${text}, one attempt later (check 56)`, async () => {
        await broker.send(TOPIC, 'm', { properties: { UNIQ_KEY: 'KEY1' } });
        const message = await receiveOne();
        assert.equal(attemptOf(message), 1);
        await change(client, handleOf(message), ms);
        const { messages, waitedMs } = await receiveLater();
        assert.equal(messages[0]?.systemProperties?.deliveryAttempt, 2);
        assert.equal(messages[0].systemProperties.messageId, 'KEY1');
        assert.deepEqual([messages[0].topic?.name, messages[0].body], [TOPIC, message.body]);
        assert.ok(waitedMs >= ms && waitedMs < ms + 3000, `${waitedMs} ms`);
      });
    }

    it('is no attempt when the client only suspends', async () => {
      await broker.send(TOPIC, 'm');
      await change(client, handleOf(await receiveOne()), 1000, { suspend: true });
      assert.equal(attemptOf(await receiveOne()), 1);
    });

    it('answers the handle that came whatever is wrong with it (check 56)', async () => {
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ invisibleMs: 10_000 }));
      const outcome = async (receiptHandle: string, ms: number, parts = {}): Promise<unknown[]> => {
        const answer = await change(client, receiptHandle, ms, parts);
        return [answer.status?.code, answer.receiptHandle];
      };
      assert.deepEqual(await outcome('garbage', 1000), [Code.INVALID_RECEIPT_HANDLE, 'garbage']);
      assert.deepEqual(await outcome(handle, -1), [Code.ILLEGAL_INVISIBLE_TIME, handle]);
      assert.deepEqual(await outcome(handle, 43_200_001), [Code.ILLEGAL_INVISIBLE_TIME, handle]);
      assert.deepEqual(await outcome(handle, 1000, { group: 'a b' }), [Code.ILLEGAL_CONSUMER_GROUP, handle]);
      broker.clock.advance(10_000);
      assert.deepEqual(await outcome(handle, 1000), [Code.INVALID_RECEIPT_HANDLE, handle]);
    });
  });

  it('comes again when its time is over, with another handle and one attempt later (check 58)', async () => {
    await broker.send(TOPIC, 'm');
    const handles = new Set<string>();
    for (const attempt of [1, 2, 3]) {
      const message = await receiveOne({ invisibleMs: 10_000, pollMs: 20_000 });
      assert.equal(attemptOf(message), attempt);
      handles.add(handleOf(message));
    }
    assert.equal(handles.size, 3);
  });

  describe('dead letters', () => {
    it('are made of what was tried too often (check 59)', async () => {
      await broker.send(TOPIC, 'm', { properties: { UNIQ_KEY: 'KEY1', colour: 'red' } });
      await nothingMore({ topic: 'Other', group: GROUP });
      setGroup({ retryMaxTimes: 1 });
      for (const attempt of [1, 2]) {
        const message = await receiveOne();
        assert.equal(attemptOf(message), attempt);
        await change(client, handleOf(message), 1000);
      }
      await nothingMore();
      const [dead, ...more] = await broker.read(DEAD_LETTERS);
      assert.deepEqual([dead?.body.toString(), more.length], ['m', 0]);
      const properties = decodeProperties(dead?.properties ?? '');
      assert.deepEqual(
        ['colour', 'UNIQ_KEY', 'DLQ_ORIGIN_TOPIC', 'DLQ_ORIGIN_MESSAGE_ID'].map((name) => properties.get(name)),
        ['red', 'KEY1', TOPIC, 'KEY1'],
      );
      await nothingMore();
    });

    it('are made where a client wants it, and say what they were (checks 59, 61)', async () => {
      await broker.send(TOPIC, 'm', { properties: { UNIQ_KEY: 'KEY1' } });
      const receiptHandle = handleOf(await receiveOne({ invisibleMs: 10_000 }));
      const forward = (handle: string) =>
        client.call('forwardMessageToDeadLetterQueue', {
          topic: { name: TOPIC },
          group: { name: GROUP },
          receiptHandle: handle,
          messageId: 'KEY1',
          deliveryAttempt: 1,
          maxDeliveryAttempts: 17,
        });
      assert.equal((await forward('garbage')).status?.code, Code.INVALID_RECEIPT_HANDLE);
      const short = receiptHandle.split(' ').slice(0, 8).join(' ');
      assert.equal((await forward(short)).status?.code, Code.INVALID_RECEIPT_HANDLE);
      const other = await broker.send('Other', 'not for this group');
      const { physicalOffset } = parseOffsetMessageId(other.extFields['msgId'] ?? '');
      assert.equal((await forward(`${short} ${physicalOffset}`)).status?.code, Code.INVALID_RECEIPT_HANDLE);
      assert.equal((await forward(receiptHandle)).status?.code, Code.OK);
      await nothingMore({ pollMs: 20_000 });
      const dead = await receiveOne({ topic: DEAD_LETTERS, group: 'Repair' });
      const { deadLetterQueue } = dead.systemProperties ?? {};
      assert.deepEqual([deadLetterQueue?.topic, deadLetterQueue?.messageId], [TOPIC, 'KEY1']);
    });
  });

  describe('of a push consumer', function () {
    // Minutes of polls, each a call over a real connection.
    this.timeout(30_000);
    let telemetry: TestTelemetry;
    const push = async (): Promise<GrpcTestClient> => {
      const consumer = connectClient();
      telemetry = consumer.telemetry();
      telemetry.write(consumerSettings(GROUP, TOPIC));
      await telemetry.next();
      return consumer;
    };
    const beat = async (consumer: GrpcTestClient): Promise<void> => {
      const answer = await consumer.call('heartbeat', { group: { name: GROUP } });
      assert.equal(answer.status?.code, Code.OK);
    };

    it('keep a message from others as long as its first handle is worked on (check 57)', async () => {
      const consumer = await push();
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ autoRenew: true }, consumer));
      assert.match(handle, /^0 \d+ 60000 /);
      const other = await push();
      for (let polls = 0; polls < 10; polls += 1) {
        await nothingMore({ pollMs: 20_000 }, other);
        await beat(consumer);
        await beat(other);
      }
      assert.equal((await ack(consumer, [handle])).status?.code, Code.OK);
      for (let polls = 0; polls < 4; polls += 1) await nothingMore({ pollMs: 20_000 }, other);
    });

    it('stay its own while it opens another telemetry stream (check 21)', async () => {
      const consumer = await push();
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ autoRenew: true }, consumer));
      const other = await push();
      for (let times = 0; times < 3; times += 1) {
        telemetry.cancel();
        await telemetry.ended;
        await nothingMore({ pollMs: 20_000 }, other);
        telemetry = consumer.telemetry();
        telemetry.write(consumerSettings(GROUP, TOPIC));
        await telemetry.next();
        await nothingMore({ pollMs: 20_000 }, other);
      }
      assert.equal((await ack(consumer, [handle])).status?.code, Code.OK);
      assert.equal(broker.context.consumers.get(GROUP)?.members.size, 2);
    });

    it('change the time of a message that was renewed, by its first handle', async () => {
      const consumer = await push();
      await broker.send(TOPIC, 'm');
      const handle = handleOf(await receiveOne({ autoRenew: true }, consumer));
      for (let polls = 0; polls < 5; polls += 1) await nothingMore({ pollMs: 20_000 }, consumer);
      const changed = await change(consumer, handle, 1000);
      assert.equal(changed.status?.code, Code.OK);
      assert.equal(attemptOf(await receiveOne({}, consumer)), 2);
    });

    it('are given to others a second after it takes its leave (checks 22, 23)', async () => {
      const consumer = await push();
      await broker.send(TOPIC, 'm');
      await receiveOne({ autoRenew: true }, consumer);
      await consumer.call('notifyClientTermination', { group: { name: GROUP } });
      const { messages, waitedMs } = await receiveLater();
      assert.equal(messages[0]?.systemProperties?.deliveryAttempt, 2);
      assert.ok(waitedMs >= 1000 && waitedMs < 4000, `${waitedMs} ms`);
    });

    it('are given to others after its connection broke (check 23)', async () => {
      const consumer = await push();
      await broker.send(TOPIC, 'm');
      await receiveOne({ autoRenew: true }, consumer);
      telemetry.cancel();
      await telemetry.ended;
      consumer.close();
      let polls = 0;
      while ((await receiveLater({ pollMs: 5000 }, client, 500)).messages.length === 0) polls += 1;
      // 30 s until it is gone, and the second.
      assert.ok(polls >= 5 && polls < 11, `${polls} polls`);
    });
  });

  describe('of a group in order', () => {
    const send = async (...sent: string[]): Promise<void> => {
      for (const body of sent) await broker.send(TOPIC, body);
    };
    beforeEach(async () => {
      await broker.ask(200, {}, { groupName: GROUP, consumeMessageOrderly: true });
      await send('a', 'b', 'c');
    });

    it('let nobody have more of a queue until everything is acknowledged (check 60)', async () => {
      const first = await receive(client, { batchSize: 2 });
      assert.deepEqual(bodies(first), ['a', 'b']);
      const other = connectClient();
      await nothingMore({ pollMs: 5000 }, other);
      const [a = '', b = ''] = first.messages.map(handleOf);
      await ack(client, [a]);
      await nothingMore({ pollMs: 5000 }, other);
      await ack(client, [b]);
      assert.deepEqual(bodies(await receiveLater({}, other)), ['c']);
    });

    it('wake who waits for the queue', async () => {
      const [message] = (await receive(client, { batchSize: 1 })).messages;
      const other = receive(connectClient());
      await waitFor('the receive to wait', () => broker.context.pops.held.size === 1, { pollMs: 2 });
      await ack(client, [handleOf(message)]);
      assert.deepEqual(bodies(await other), ['b', 'c']);
    });

    it('give the same again to who repeats an attempt, and not to others (check 60)', async () => {
      const first = await receive(client, { batchSize: 2, attemptId: 'one' });
      await nothingMore({ pollMs: 5000, attemptId: 'two' }, connectClient());
      const again = await receiveLater({ batchSize: 2, attemptId: 'one' });
      assert.deepEqual(bodies(again), bodies(first));
      assert.deepEqual(again.messages.map(attemptOf), [1, 1]);
    });

    it('count no attempt for what is only suspended', async () => {
      const { messages } = await receive(client, { batchSize: 2 });
      const [a = '', b = ''] = messages.map(handleOf);
      await change(client, a, 1000, { suspend: true });
      await change(client, b, 1000);
      assert.deepEqual((await receiveLater()).messages.map(attemptOf), [1, 2, 1]);
    });

    it('keep the order when a message fails (check 60)', async () => {
      const first = await receive(client, { batchSize: 2 });
      const [a = '', b = ''] = first.messages.map(handleOf);
      assert.equal((await change(client, a, 1000)).status?.code, Code.OK);
      assert.equal((await change(client, b, 1000)).status?.code, Code.OK);
      const again = await receiveLater();
      assert.deepEqual(bodies(again), ['a', 'b', 'c']);
      assert.deepEqual(again.messages.map(attemptOf), [2, 2, 1]);
      assert.equal((await ack(client, again.messages.map(handleOf))).status?.code, Code.OK);
      await nothingMore({ pollMs: 5000 });
    });

    it('make dead letters of what was tried too often, and go on (check 60)', async () => {
      setGroup({ retryMaxTimes: 1 });
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const message = await receiveOne();
        assert.equal(Buffer.from(message.body).toString(), 'a');
        await change(client, handleOf(message), 1000);
      }
      assert.equal(Buffer.from((await receiveOne()).body).toString(), 'b');
      assert.deepEqual(
        (await broker.read(DEAD_LETTERS)).map(({ body }) => body.toString()),
        ['a'],
      );
    });
  });
});
