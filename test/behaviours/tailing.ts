import assert from 'node:assert/strict';

import type { ReceivedMessage } from '../../src/client/receivedMessage.ts';
import type { Tail, TailOptions } from '../../src/client/tail.ts';
import { listAt, readBody } from '../../src/protocol/bodies/read.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { connect, TIMEOUT_MS } from '../broker/testBroker.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';

export function tailBehaviours(cluster: TestCluster): void {
  let tail: Tail | undefined;
  let seen: ReceivedMessage[];

  afterEach(() => tail?.dispose());

  async function begin(topic: string, options?: TailOptions): Promise<Tail> {
    seen = [];
    tail = cluster.client.tail(topic, options);
    tail.onMessages((messages) => seen.push(...messages));
    await tail.ready;
    return tail;
  }

  function send(topic: string, ...bodies: readonly string[]): Promise<unknown> {
    return bodies.reduce<Promise<unknown>>(
      (before, body) => before.then(() => cluster.client.send({ topic, body: Buffer.from(body) })),
      Promise.resolve(),
    );
  }

  function received(count: number): Promise<readonly ReceivedMessage[]> {
    return waitFor(`${count} messages`, () => seen.length >= count && seen, {
      pollMs: 5,
      timeoutMs: 60_000,
      details: () => `${seen.length} came`,
    });
  }

  it('tells what is sent afterwards, and only that', async () => {
    const topic = await cluster.newTopic();
    await send(topic, 'before 1', 'before 2', 'before 3');
    await cluster.untilReadable(topic, 3);
    await begin(topic);
    await send(topic, 'after 1', 'after 2', 'after 3');
    const bodies = (await received(3)).map(({ body }) => body.toString());
    assert.deepEqual(bodies.toSorted(), ['after 1', 'after 2', 'after 3']);
  });

  it('tells everything that is there, when told to begin at the earliest', async () => {
    const topic = await cluster.newTopic();
    await send(topic, '1', '2', '3', '4', '5');
    await begin(topic, { from: 'earliest' });
    assert.equal((await received(5)).length, 5);
  });

  it('keeps the order of a queue', async () => {
    const topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    await begin(topic);
    const bodies = Array.from({ length: 200 }, (_, n) => String(n));
    await send(topic, ...bodies);
    const messages = await received(200);
    assert.deepEqual(
      messages.map(({ body }) => body.toString()),
      bodies,
    );
    assert.deepEqual(
      messages.map(({ offset }) => offset),
      bodies.map(Number),
    );
  });

  it('gives back tag, keys, properties and body, in any script', async () => {
    const topic = await cluster.newTopic();
    await begin(topic);
    const body = Buffer.from('{"名":"größe 🚀"}');
    const properties = new Map([
      ['couleur', 'bleu pâle'],
      ['颜色', '蓝色 🚀'],
    ]);
    const sentAtMs = Date.now();
    const receipt = await cluster.client.send({ topic, tag: '标签A', keys: ['订单-1', 'k2'], properties, body });
    const [message] = await received(1);
    assert.ok(message);
    assert.ok(message.body.equals(body));
    assert.equal(message.sizeBytes, body.length);
    assert.equal(message.topic, topic);
    assert.equal(message.properties.get('TAGS'), '标签A');
    assert.equal(message.properties.get('KEYS'), '订单-1 k2');
    for (const [name, value] of properties) assert.equal(message.properties.get(name), value);
    assert.deepEqual(
      [message.messageId, message.offsetMessageId, message.brokerName, message.queueId, message.offset],
      [receipt.messageId, receipt.offsetMessageId, receipt.brokerName, receipt.queueId, receipt.offset],
    );
    assert.match(message.bornHost, /^127\.0\.0\.1:\d+$/);
    assert.equal(message.storeHost, cluster.brokerAddress);
    assert.equal(message.reconsumeTimes, 0);
    assert.ok(Math.abs(message.bornAtMs - sentAtMs) < 60_000);
    assert.ok(message.storedAtMs >= message.bornAtMs - 1000);
  });

  it('takes bytes that are no text, and a large body', async () => {
    const topic = await cluster.newTopic();
    await begin(topic);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const large = Buffer.alloc(3 * 1024 * 1024, bytes);
    await cluster.client.send({ topic, body: bytes });
    await cluster.client.send({ topic, body: large });
    const bodies = (await received(2)).map(({ body }) => body).sort((a, b) => a.length - b.length);
    assert.ok(bodies[0]?.equals(bytes));
    assert.ok(bodies[1]?.equals(large));
  });

  it('commits nothing and joins nothing', async () => {
    const topic = await cluster.newTopic();
    const before = { topics: await cluster.client.topics(), groups: await cluster.client.groups() };
    await begin(topic);
    await send(topic, '1', '2', '3', '4');
    await received(4);
    const queues = await cluster.client.queues(topic);
    tail?.dispose();
    assert.deepEqual(await cluster.client.groups(), before.groups);
    assert.deepEqual(await cluster.client.topics(), before.topics);
    assert.deepEqual(await cluster.client.queues(topic), queues);
    const connection = await connect(cluster.brokerAddress);
    const consumers = await connection.request(
      { code: RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, extFields: { topic } },
      TIMEOUT_MS,
    );
    const members = await connection.request(
      { code: RequestCode.GET_CONSUMER_LIST_BY_GROUP, extFields: { consumerGroup: 'TOOLS_CONSUMER' } },
      TIMEOUT_MS,
    );
    connection.dispose();
    assert.equal(consumers.code, 0);
    assert.deepEqual(listAt(readBody(consumers.body), 'groupList'), []);
    assert.equal(members.code, 1);
  });

  it('keeps still while paused, and then misses nothing', async () => {
    const topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    const running = await begin(topic);
    running.pause();
    await send(topic, '1', '2');
    assert.deepEqual(seen, []);
    running.resume();
    assert.deepEqual(
      (await received(2)).map(({ body }) => body.toString()),
      ['1', '2'],
    );
  });

  it('waits for a topic that does not exist yet, and then tells all of it', async () => {
    const topic = `Later-${process.pid}-${Date.now()}`;
    const problems: (string | undefined)[] = [];
    seen = [];
    tail = cluster.client.tail(topic);
    tail.onMessages((messages) => seen.push(...messages));
    tail.onProblem((problem) => problems.push(problem?.code));
    await tail.ready;
    assert.deepEqual(problems, ['topic-not-found']);
    await cluster.newTopic({ topic });
    await send(topic, '1', '2', '3');
    assert.equal((await received(3)).length, 3);
    assert.deepEqual(problems, ['topic-not-found', undefined]);
  });

  it('two tails of one topic each tell everything', async () => {
    const topic = await cluster.newTopic();
    const others: ReceivedMessage[] = [];
    const other = cluster.client.tail(topic);
    other.onMessages((messages) => others.push(...messages));
    await other.ready;
    await begin(topic);
    await send(topic, '1', '2', '3');
    await received(3);
    await waitFor('the other tail', () => others.length === 3, { pollMs: 5 });
    other.dispose();
  });
}
