import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nextTurn } from '../../../src/base/nextTurn.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { decodeMessages } from '../../../src/protocol/message.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { GROUP, ack, bodies, handleOf, receive } from './grpcConsumer.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient } from './grpcTestClient.ts';
import { LITE, createLiteTopic, liteConsumer, sendLite, sync } from './liteClient.ts';

const QUEUE = '%LMQ%$LiteTopic$a';

describe('the life of gRPC lite topics', () => {
  const temp = makeTempDir('lite');
  let directory: string;
  let count = 0;
  beforeEach(() => (directory = join(temp.path, String(count++))));
  after(() => temp.remove());

  const consumer = async (test: GrpcTestBroker, ...names: string[]): Promise<GrpcTestClient> => {
    const client = test.client();
    await liteConsumer(client);
    await sync(client, names);
    return client;
  };
  const got = async (client: GrpcTestClient): Promise<string[]> => {
    const received = await receive(client, { topic: LITE }, { deadline: Date.now() + 60_000 });
    await ack(client, received.messages.map(handleOf), { topic: LITE });
    return bodies(received);
  };

  it('goes on after a restart, where the group was', async () => {
    let test = await GrpcTestBroker.start({ directory });
    await createLiteTopic(test);
    const producer = test.client();
    for (const body of ['a0', 'a1']) await sendLite(producer, 'a', body);
    assert.deepEqual(await got(await consumer(test, 'a')), ['a0', 'a1']);
    await sendLite(producer, 'a', 'a2');
    await test.stop();
    test = await GrpcTestBroker.start({ directory });
    assert.equal(test.broker.context.store.maxOffset(QUEUE, 0), 3);
    assert.deepEqual(await got(await consumer(test, 'a')), ['a2']);
    await test.stop();
  });

  it('ends lite.topic.expiration minutes after the last message, with its files and offsets', async () => {
    const test = await GrpcTestBroker.start({ directory, broker: { minLiteTTl: 0 } });
    const { clock, context } = test.broker;
    await createLiteTopic(test, ',+lite.topic.expiration=1');
    await test.broker.createTopic('Eternal', 1, { attributes: '+message.type=LITE' });
    const producer = test.client();
    await sendLite(producer, 'a', 'old');
    await sendLite(producer, 'b', 'b0');
    await sendLite(producer, 'a', 'x', 'Eternal');
    const client = await consumer(test, 'a');
    assert.deepEqual(await got(client), ['old']);
    await clock.advanceAsync(30_000);
    await sendLite(producer, 'b', 'b1');
    assert.ok(existsSync(join(directory, 'consumequeue', QUEUE)));
    await clock.advanceAsync(35_000);
    await context.lite?.removeExpired();
    const left = [...context.store.topicNames()].filter((name) => name.startsWith('%LMQ%'));
    assert.deepEqual(left.sort(), ['%LMQ%$Eternal$a', '%LMQ%$LiteTopic$b']);
    assert.equal(existsSync(join(directory, 'consumequeue', QUEUE)), false);
    assert.equal(context.offsets.committed(GROUP, QUEUE, 0), undefined);
    // Who subscribed still does, and the lite topic begins anew.
    await sendLite(producer, 'a', 'new');
    assert.deepEqual(await got(client), ['new']);
    assert.equal(context.offsets.committed(GROUP, QUEUE, 0), 1);
    await test.stop();
  });

  it('goes on where a message comes while others end', async () => {
    const test = await GrpcTestBroker.start({ directory, broker: { minLiteTTl: 0 } });
    const { clock, context } = test.broker;
    const { store, lite } = context;
    await createLiteTopic(test, ',+lite.topic.expiration=1');
    const producer = test.client();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await sendLite(producer, name, 'old');
    const client = await consumer(test, ...names);
    for (let left = names.length; left > 0;) left -= (await got(client)).length;
    const last = '%LMQ%$LiteTopic$d';
    const { records } = await store.read({ topic: last, queueId: 0, offset: 0, maxMessages: 1, maxBytes: 100_000 });
    const [old] = decodeMessages(Buffer.concat(records));
    assert.ok(old);
    await clock.advanceAsync(65_000);
    const ending = lite?.removeExpired();
    while (store.hasQueue(QUEUE, 0)) await nextTurn();
    store.append({ ...old, body: Buffer.from('new') });
    await ending;
    assert.deepEqual([store.hasQueue(QUEUE, 0), store.hasQueue(last, 0)], [false, true]);
    assert.deepEqual(await got(client), ['new']);
    await test.stop();
  });

  it('is no shorter than minLiteTTl, and no shorter after the start', async () => {
    const test = await GrpcTestBroker.start({ directory, broker: { minLiteTTl: 90_000 } });
    const { clock, context } = test.broker;
    await createLiteTopic(test, ',+lite.topic.expiration=1');
    await sendLite(test.client(), 'a', 'x');
    await clock.advanceAsync(80_000);
    await context.lite?.removeExpired();
    assert.equal(context.store.maxOffset(QUEUE, 0), 1);
    await clock.advanceAsync(15_000);
    await context.lite?.removeExpired();
    assert.equal(context.store.maxOffset(QUEUE, 0), 0);
    await test.stop();
  });

  it('ends with that of its topic', async () => {
    const test = await GrpcTestBroker.start({ directory });
    await createLiteTopic(test);
    await consumer(test, 'a');
    await sendLite(test.client(), 'a', 'x');
    const { store, lite } = test.broker.context;
    await test.broker.ask(RequestCode.CLEAN_UNUSED_TOPIC);
    assert.equal(store.maxOffset(QUEUE, 0), 1);
    await test.broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: LITE });
    assert.deepEqual([store.hasQueue(QUEUE, 0), lite?.subscriptions.size], [false, 0]);
    await test.stop();
  });
});
