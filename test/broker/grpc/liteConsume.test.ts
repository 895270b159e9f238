import assert from 'node:assert/strict';
import {
  ClientType,
  Code,
  LiteSubscriptionAction,
  OffsetOption_Policy,
} from '../../../src/protocol/grpc/definition_pb.ts';
import type { Message } from '../../../src/protocol/grpc/definition_pb.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GROUP, ack, bodies, change, handleOf, receive, receiveLater } from './grpcConsumer.ts';
import type { ReceiveParts, ReceivedItems } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient } from './grpcTestClient.ts';
import { LITE, createLiteTopic, liteConsumer, sendLite, sync } from './liteClient.ts';

const { COMPLETE_ADD, COMPLETE_REMOVE, PARTIAL_REMOVE } = LiteSubscriptionAction;
const OF_LITE = { topic: LITE };

/** Check 63. */
describe('gRPC consumers of lite topics', () => {
  let test: GrpcTestBroker;
  let producer: GrpcTestClient;

  beforeEach(async () => {
    test = await GrpcTestBroker.start({ broker: { maxLiteSubscriptionCount: 4 } });
    await createLiteTopic(test);
    producer = test.client();
  });
  afterEach(() => test.stop());

  const consumer = async (options: Parameters<typeof liteConsumer>[1] = {}): Promise<GrpcTestClient> => {
    const client = test.client();
    await liteConsumer(client, options);
    return client;
  };
  const got = (client: GrpcTestClient, parts: ReceiveParts = {}): Promise<ReceivedItems> =>
    receive(client, { ...OF_LITE, ...parts }, { deadline: Date.now() + 60_000 });
  /** Nothing, until its time is over. */
  const gotLater = (client: GrpcTestClient, parts: ReceiveParts = {}): Promise<ReceivedItems> =>
    receiveLater(test.broker, client, { ...OF_LITE, ...parts });
  const waiting = (client: GrpcTestClient): number =>
    test.broker.context.lite?.subscriptions.get(client.clientId)?.waiting.size ?? 0;
  const places = (messages: readonly Message[]): unknown[] =>
    messages.map(({ topic, body, systemProperties: system }) => [
      topic?.name,
      system?.liteTopic,
      Number(system?.queueOffset),
      system?.deliveryAttempt,
      Buffer.from(body).toString(),
    ]);

  for (const clientType of [ClientType.LITE_PUSH_CONSUMER, ClientType.LITE_SIMPLE_CONSUMER]) {
    it(`${ClientType[clientType]} gets what it subscribes to alone, and with its name`, async () => {
      const client = await consumer({ clientType });
      for (const name of ['other', 'a', 'b', 'a']) await sendLite(producer, name, `to ${name}`);
      assert.equal((await sync(client, ['a'])).status?.code, Code.OK);
      const { messages, status } = await got(client);
      assert.equal(status?.code, Code.OK);
      assert.deepEqual(places(messages), [
        [LITE, 'a', 0, 1, 'to a'],
        [LITE, 'a', 1, 1, 'to a'],
      ]);
      const acked = await ack(client, messages.map(handleOf), OF_LITE);
      assert.equal(acked.status?.code, Code.OK);
      await sync(client, ['b']);
      assert.deepEqual(bodies(await got(client)), ['to b']);
      assert.equal(test.broker.context.offsets.committed(GROUP, '%LMQ%$LiteTopic$a', 0), 2);
    });
  }

  it('wait for a message of what they subscribe to', async () => {
    const client = await consumer();
    await sync(client, ['a']);
    const received = got(client);
    await waitFor('the receive to wait', () => waiting(client) === 1, { pollMs: 1 });
    await sendLite(producer, 'other', 'x');
    await sendLite(producer, 'a', 'a0');
    assert.deepEqual(bodies(await received), ['a0']);
    assert.equal(waiting(client), 0);
  });

  it('may begin to wait before they subscribe', async () => {
    const client = await consumer();
    await sendLite(producer, 'a', 'a0');
    const received = got(client);
    await waitFor('the receive to wait', () => waiting(client) === 1, { pollMs: 1 });
    await sync(client, ['a'], { action: COMPLETE_ADD });
    assert.deepEqual(bodies(await received), ['a0']);
  });

  it('wait no longer than they say', async () => {
    const client = await consumer();
    await sync(client, ['a']);
    const { status } = await gotLater(client);
    assert.equal(status?.code, Code.MESSAGE_NOT_FOUND);
  });

  it('get one lite topic in order: nothing more of it before the last is acknowledged', async () => {
    const client = await consumer();
    await sync(client, ['a', 'b']);
    for (const body of ['a0', 'a1']) await sendLite(producer, 'a', body);
    const first = await got(client, { batchSize: 1 });
    assert.deepEqual(bodies(first), ['a0']);
    await sendLite(producer, 'b', 'b0');
    assert.deepEqual(bodies(await got(client)), ['b0']);
    const next = got(client);
    await waitFor('the receive to wait', () => waiting(client) === 1, { pollMs: 1 });
    await ack(client, first.messages.map(handleOf), OF_LITE);
    assert.deepEqual(bodies(await next), ['a1']);
  });

  it('get again what they did not acknowledge, one attempt later', async () => {
    const client = await consumer();
    await sync(client, ['a']);
    await sendLite(producer, 'a', 'a0');
    const [first] = (await got(client, { invisibleMs: 10_000 })).messages;
    const { messages } = await gotLater(client, { pollMs: 20_000 });
    assert.deepEqual(places(messages), [[LITE, 'a', 0, 2, 'a0']]);
    const late = await ack(client, [handleOf(first)], OF_LITE);
    assert.equal(late.status?.code, Code.INVALID_RECEIPT_HANDLE);
  });

  for (const [suspend, attempt] of [
    [true, 1],
    [false, 2],
  ] as const) {
    it(`count ${attempt - 1} attempts for a change with suspend ${suspend}`, async () => {
      const client = await consumer();
      await sync(client, ['a']);
      await sendLite(producer, 'a', 'a0');
      const [first] = (await got(client)).messages;
      const changed = await change(client, handleOf(first), 2000, { ...OF_LITE, suspend });
      assert.equal(changed.status?.code, Code.OK);
      const again = await gotLater(client);
      assert.deepEqual(places(again.messages), [[LITE, 'a', 0, attempt, 'a0']]);
      const acked = await ack(client, again.messages.map(handleOf), OF_LITE);
      assert.equal(acked.status?.code, Code.OK);
    });
  }

  it('make a dead letter of a message, which is in no lite topic', async () => {
    const client = await consumer();
    await sync(client, ['a']);
    for (const body of ['a0', 'a1']) await sendLite(producer, 'a', body);
    const [first] = (await got(client, { batchSize: 1 })).messages;
    const request = { topic: { name: LITE }, group: { name: GROUP }, messageId: 'x', liteTopic: 'a' };
    const receiptHandle = handleOf(first);
    const forged = receiptHandle.replace(/ \d+ a$/, ' 0 b');
    const refused = await client.call('forwardMessageToDeadLetterQueue', { ...request, receiptHandle: forged });
    assert.equal(refused.status?.code, Code.INVALID_RECEIPT_HANDLE);
    const answer = await client.call('forwardMessageToDeadLetterQueue', { ...request, receiptHandle });
    assert.equal(answer.status?.code, Code.OK);
    const [dead] = await test.broker.read(`%DLQ%${GROUP}`);
    assert.equal(dead?.body.toString(), 'a0');
    assert.deepEqual(places((await got(client)).messages), [[LITE, 'a', 1, 1, 'a1']]);
    assert.equal(test.broker.context.store.maxOffset('%LMQ%$LiteTopic$a', 0), 2);
  });

  it('become dead letters after all attempts', async () => {
    await test.broker.ask(
      RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
      {},
      { groupName: GROUP, consumeEnable: true, retryMaxTimes: 1, attributes: {} },
    );
    const client = await consumer();
    await sync(client, ['a']);
    await sendLite(producer, 'a', 'a0');
    for (const attempt of [1, 2]) {
      const { messages } = attempt === 1 ? await got(client) : await gotLater(client);
      assert.equal(messages[0]?.systemProperties?.deliveryAttempt, attempt);
      await change(client, handleOf(messages[0]), 1000, OF_LITE);
    }
    const { status } = await gotLater(client);
    assert.equal(status?.code, Code.MESSAGE_NOT_FOUND);
    assert.equal((await test.broker.read(`%DLQ%${GROUP}`)).length, 1);
  });

  it('have what COMPLETE_ADD names and no more, however often (check 63)', async () => {
    const client = await consumer();
    await sync(client, ['a', 'b']);
    for (let again = 0; again < 3; again += 1) await sync(client, ['b', 'c'], { action: COMPLETE_ADD });
    for (const name of ['a', 'b', 'c']) await sendLite(producer, name, name);
    assert.deepEqual(bodies(await got(client)).sort(), ['b', 'c']);
    const size = (): number | undefined => test.broker.context.lite?.subscriptions.size;
    assert.equal(size(), 2);
    await sync(client, [], { action: COMPLETE_ADD });
    assert.equal(size(), 0);
  });

  it('lose what they take back', async () => {
    const client = await consumer();
    await sync(client, ['a', 'b', 'c']);
    await sync(client, ['a'], { action: PARTIAL_REMOVE });
    for (const name of ['a', 'b']) await sendLite(producer, name, name);
    assert.deepEqual(bodies(await got(client)), ['b']);
    await sync(client, [], { action: COMPLETE_REMOVE });
    assert.equal(test.broker.context.lite?.subscriptions.get(client.clientId), undefined);
  });

  it('subscribe to no more than maxLiteSubscriptionCount', async () => {
    const client = await consumer();
    await sync(client, ['a', 'b', 'c']);
    const { LITE_SUBSCRIPTION_QUOTA_EXCEEDED, OK } = Code;
    assert.equal((await sync(client, ['d', 'e'])).status?.code, LITE_SUBSCRIPTION_QUOTA_EXCEEDED);
    const all = await sync(client, ['a', 'b', 'c', 'd', 'e'], { action: COMPLETE_ADD });
    assert.equal(all.status?.code, LITE_SUBSCRIPTION_QUOTA_EXCEEDED);
    assert.equal((await sync(client, ['a', 'd'])).status?.code, OK);
    assert.equal(test.broker.context.lite?.subscriptions.size, 4);
  });

  for (const [what, offsetOption, expected] of [
    ['the first', { offsetType: { case: 'policy', value: OffsetOption_Policy.MIN } }, ['m0', 'm1', 'm2']],
    ['the end', { offsetType: { case: 'policy', value: OffsetOption_Policy.MAX } }, []],
    ['where they were', { offsetType: { case: 'policy', value: OffsetOption_Policy.LAST } }, ['m2']],
    ['an offset', { offsetType: { case: 'offset', value: 1n } }, ['m1', 'm2']],
    ['some before', { offsetType: { case: 'tailN', value: 1n } }, ['m1', 'm2']],
  ] as const) {
    it(`begin at ${what}`, async () => {
      const client = await consumer();
      await sync(client, ['a']);
      for (const body of ['m0', 'm1', 'm2']) await sendLite(producer, 'a', body);
      const first = await got(client, { batchSize: 2 });
      await ack(client, first.messages.map(handleOf), OF_LITE);
      await sync(client, ['a'], { action: PARTIAL_REMOVE });
      await sync(client, ['a'], { offsetOption });
      assert.deepEqual(bodies(await gotLater(client)), expected);
    });
  }

  it('share a lite topic: what the one holds the other does not get', async () => {
    const [one, two] = [await consumer(), await consumer()];
    for (const client of [one, two]) await sync(client, ['a']);
    const waits = [got(one), got(two)];
    await waitFor('both to wait', () => waiting(one) + waiting(two) === 2, { pollMs: 1 });
    await sendLite(producer, 'a', 'a0');
    const first = await Promise.race(waits);
    assert.deepEqual(bodies(first), ['a0']);
    assert.equal(waiting(one) + waiting(two), 1);
    await sendLite(producer, 'a', 'a1');
    const winner = waiting(one) === 0 ? one : two;
    await ack(winner, first.messages.map(handleOf), OF_LITE);
    const all = await Promise.all(waits);
    assert.deepEqual(all.flatMap(bodies).sort(), ['a0', 'a1']);
  });

  it('of two groups get each message both', async () => {
    const [one, two] = [await consumer(), await consumer({ group: 'GroupB' })];
    await sync(one, ['a']);
    await sync(two, ['a'], { group: 'GroupB' });
    await sendLite(producer, 'a', 'a0');
    assert.deepEqual(bodies(await got(one)), ['a0']);
    assert.deepEqual(bodies(await got(two, { group: 'GroupB' })), ['a0']);
  });

  it('leave what they held to others when they go', async () => {
    const [one, two] = [await consumer(), await consumer()];
    await sync(one, ['a']);
    await sendLite(producer, 'a', 'a0');
    const { messages } = await got(one, { autoRenew: true });
    assert.equal(messages.length, 1);
    await sync(two, ['a']);
    await one.call('notifyClientTermination', { group: { name: GROUP } });
    assert.equal(test.broker.context.lite?.subscriptions.get(one.clientId), undefined);
    assert.deepEqual(bodies(await gotLater(two)), ['a0']);
  });

  it('have a lite topic to themselves in an exclusive group', async () => {
    await group({ '+lite.sub.model': 'Exclusive', '+lite.sub.reset.offset.exclusive': 'true' });
    const one = test.client();
    const commands = await liteConsumer(one);
    const two = await consumer();
    await sync(one, ['a', 'b']);
    await sendLite(producer, 'a', 'a0');
    const { messages } = await got(one);
    await ack(one, messages.map(handleOf), OF_LITE);
    await sync(two, ['a']);
    let told = await commands.next();
    // The settings come twice.
    if (told.command.case === 'settings') told = await commands.next();
    assert.equal(told.command.case === 'notifyUnsubscribeLiteCommand' ? told.command.value.liteTopic : '', 'a');
    assert.deepEqual(bodies(await got(two)), ['a0']);
    const left = test.broker.context.lite?.subscriptions.get(one.clientId)?.queues;
    assert.deepEqual([...(left ?? [])], ['%LMQ%$LiteTopic$b']);
  });

  it('are refused in a group of another topic', async () => {
    await group({ '+lite.bind.topic': 'Elsewhere' });
    const refused = await sync(test.client(), ['a']);
    assert.match(refused.status?.message ?? '', /subscription bind topic not match, GroupA/);
    const client = await consumer();
    assert.match((await got(client)).status?.message ?? '', /bind topic not match/);
  });

  const group = async (attributes: Record<string, string>): Promise<void> => {
    const config = { groupName: GROUP, consumeEnable: true, retryMaxTimes: 16, attributes };
    const { code, remark } = await test.broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, config);
    assert.equal(code, 0, remark);
  };
});
