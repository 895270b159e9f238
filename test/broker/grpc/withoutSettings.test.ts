import assert from 'node:assert/strict';
import { ClientType, Code } from '../../../src/protocol/grpc/definition_pb.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GROUP, TOPIC, ack, bodies, handleOf, receive, receiveLater } from './grpcConsumer.ts';
import type { ReceiveParts } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient } from './grpcTestClient.ts';
import { consumerSettings } from './testSettings.ts';

const PUSH = { clientType: ClientType.PUSH_CONSUMER, group: { name: GROUP } };

/** Clients of C# open their telemetry stream once, and never again: after a restart of the broker nobody knows them. */
describe('a gRPC consumer that gives no settings (check 20)', () => {
  let test: GrpcTestBroker;

  beforeEach(async () => {
    test = await GrpcTestBroker.start({ broker: { popFromRetryProbability: 0 } });
    await test.broker.createTopic(TOPIC, 1);
    await test.broker.createTopic('TopicB', 1);
  });
  afterEach(() => test.stop());

  const beat = async (client: GrpcTestClient, request = PUSH): Promise<void> => {
    assert.equal((await client.call('heartbeat', request)).status?.code, Code.OK);
  };
  const group = () => test.broker.context.consumers.get(GROUP);
  const subscribed = (): string[] =>
    [...(group()?.subscriptions.values() ?? [])].map((one) => `${one.topic} ${one.expressionType} ${one.subString}`);
  const poll = async (client: GrpcTestClient, parts: ReceiveParts = {}): Promise<void> => {
    assert.equal((await receiveLater(test.broker, client, parts)).status?.code, Code.MESSAGE_NOT_FOUND);
  };

  it('is served after a restart of the broker, and a member again with its next receive', async () => {
    const directory = makeTempDir('restart');
    const before = await GrpcTestBroker.start({ directory: directory.path });
    const first = before.client({ clientId: 'c#@1' });
    const stream = first.telemetry();
    stream.write(consumerSettings(GROUP, TOPIC));
    await stream.next();
    await before.broker.createTopic(TOPIC, 1);
    await before.broker.send(TOPIC, 'a');
    const [received] = (await receive(first, { autoRenew: true })).messages;
    await before.broker.send(TOPIC, 'b');
    await before.stop();
    const after = await GrpcTestBroker.start({ directory: directory.path, nowMs: before.broker.clock.now() });
    const again = after.client({ clientId: 'c#@1' });
    await beat(again);
    const assigned = await again.call('queryAssignment', { topic: { name: TOPIC }, group: { name: GROUP } });
    assert.equal(assigned.assignments.length, 1);
    assert.equal((await ack(again, [handleOf(received)])).status?.code, Code.OK);
    assert.deepEqual(bodies(await receive(again, { autoRenew: true })), ['b']);
    const { members, consumeType } = after.broker.context.consumers.get(GROUP) ?? assert.fail();
    assert.deepEqual(
      [[...members.values()].map(({ clientId }) => clientId), consumeType],
      [['c#@1'], 'CONSUME_PASSIVELY'],
    );
    await after.stop();
    directory.remove();
  }).timeout(20_000);

  it('is seen by tools with all that it receives', async () => {
    const client = test.client({ clientId: 'c#@1' });
    await beat(client, { ...PUSH, clientType: ClientType.SIMPLE_CONSUMER });
    assert.equal(group(), undefined);
    await poll(client, { tags: 'a||b' });
    await poll(client, { topic: 'TopicB', sql: 'x > 1' });
    assert.deepEqual(subscribed(), [`${TOPIC} TAG a||b`, 'TopicB SQL92 x > 1']);
    const answer = await test.broker.ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: GROUP });
    const { connectionSet, consumeType } = JSON.parse(answer.body.toString()) as Record<string, unknown> & {
      connectionSet: { clientId: string }[];
    };
    assert.deepEqual([connectionSet.map(({ clientId }) => clientId), consumeType], [['c#@1'], 'CONSUME_ACTIVELY']);
    await poll(client, { tags: 'c' });
    assert.ok(subscribed().includes(`${TOPIC} TAG c`), subscribed().join());
  });

  it('stays a member by its heartbeats alone, and leaves as others do', async () => {
    const client = test.client();
    await beat(client);
    await poll(client);
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await test.broker.clock.advanceAsync(60_000);
      await beat(client);
    }
    assert.equal(group()?.members.size, 1);
    const left = await client.call('notifyClientTermination', { group: { name: GROUP } });
    assert.deepEqual([left.status?.code, group()], [Code.OK, undefined]);
  });

  it('takes no subscription from members that gave theirs', async () => {
    const known = test.client();
    const stream = known.telemetry();
    stream.write(consumerSettings(GROUP, 'TopicB'));
    await stream.next();
    const client = test.client();
    await beat(client);
    await poll(client);
    assert.deepEqual(subscribed().sort(), [`${TOPIC} TAG *`, 'TopicB TAG *']);
    assert.equal(group()?.members.size, 2);
  });

  it('is what its settings say as soon as it gives them', async () => {
    const client = test.client();
    await beat(client);
    await poll(client, { tags: 'a' });
    const stream = client.telemetry();
    stream.write(consumerSettings(GROUP, 'TopicB', { clientType: ClientType.SIMPLE_CONSUMER }));
    await stream.next();
    await poll(client, { tags: 'a' });
    await beat(client);
    assert.deepEqual(subscribed(), ['TopicB TAG *']);
    assert.equal(group()?.consumeType, 'CONSUME_ACTIVELY');
  });

  it('leaves what it works on to others when its connection broke', async () => {
    const client = test.client();
    await beat(client);
    await test.broker.send(TOPIC, 'a');
    assert.deepEqual(bodies(await receive(client, { autoRenew: true })), ['a']);
    client.close();
    const other = test.client();
    const found = async (): Promise<boolean> => (await receiveLater(test.broker, other)).messages.length > 0;
    await waitFor('the message', found, { pollMs: 1 });
    assert.equal(group(), undefined);
  });
});
