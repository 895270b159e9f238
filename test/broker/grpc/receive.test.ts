import assert from 'node:assert/strict';
import { Code } from '../../../src/protocol/grpc/definition_pb.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker } from '../testBroker.ts';
import { TOPIC, ack, bodies, handleOf, receive } from './grpcConsumer.ts';
import { GrpcTestClient } from './grpcTestClient.ts';

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

  const connectClient = (): GrpcTestClient => {
    const client = new GrpcTestClient(broker.runtime.broker.grpcAddress ?? '');
    clients.push(client);
    return client;
  };

  it('gives a status, the messages and the time, from every queue whichever the client names', async () => {
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

  const held = (count = 1): Promise<unknown> =>
    waitFor('the receive to wait', () => broker.context.pops.held.size === count, { pollMs: 2 });

  it('waits for a message', async () => {
    const answer = receive(connectClient());
    await held();
    await broker.send(TOPIC, 'late');
    assert.deepEqual(bodies(await answer), ['late']);
    assert.equal(broker.context.pops.held.size, 0);
  });

  it('says MESSAGE_NOT_FOUND when the time is over', async () => {
    const answer = receive(connectClient(), { pollMs: 6000 });
    await held();
    broker.clock.advance(5999);
    assert.equal(broker.context.pops.held.size, 1);
    broker.clock.advance(1);
    const { cases, status } = await answer;
    assert.deepEqual(cases, ['status', 'deliveryTimestamp']);
    assert.deepEqual([status?.code, status?.message], [Code.MESSAGE_NOT_FOUND, 'no new message']);
  });
});
