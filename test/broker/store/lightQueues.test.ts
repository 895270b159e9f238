import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { decodeMessages } from '../../../src/protocol/message.ts';
import { propertyOf } from '../../../src/protocol/messageProperty.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const A = '%LMQ%$T$a';
const B = '%LMQ%$T$b';
const LITE = { hasLightQueues: true };

describe('queues of lite topics', () => {
  const temp = makeTempDir('light');
  after(() => temp.remove());
  let directory: string;
  let count = 0;
  beforeEach(() => (directory = join(temp.path, String(count++))));

  function dispatched(names: string, body: string, topic = 'T') {
    const properties = `INNER_MULTI_DISPATCH\u0001${names}\u0002TAGS\u0001t\u0002WAIT\u0001true\u0002`;
    return messageToStore({ topic, body, properties });
  }

  async function bodies(store: MessageStore, topic: string): Promise<string[]> {
    const from = { topic, queueId: 0, offset: store.minOffset(topic, 0), maxMessages: 32, maxBytes: 1_000_000 };
    const { records } = await store.read(from);
    return decodeMessages(Buffer.concat(records)).map(({ body }) => body.toString());
  }

  it('hold what names them, with its places in its properties', async () => {
    const store = await openStore(directory, LITE);
    const arrivals: string[] = [];
    store.onLightArrival(({ name, offset }) => void arrivals.push(`${name} ${offset}`));
    store.append(dispatched(A, '0'));
    store.stage(dispatched(B, '1'));
    store.stage(dispatched(`${A},${B},${A}`, '2'));
    store.append(messageToStore({ body: '3' }));
    assert.deepEqual(await bodies(store, A), ['0', '2']);
    assert.deepEqual(await bodies(store, B), ['1', '2']);
    assert.deepEqual(await bodies(store, 'T'), ['0', '1', '2', '3']);
    assert.deepEqual(arrivals, [`${A} 0`, `${B} 0`, `${A} 1`, `${B} 1`]);
    const { records } = await store.read({ topic: A, queueId: 0, offset: 1, maxMessages: 1, maxBytes: 10_000 });
    const properties = decodeMessages(Buffer.concat(records))[0]?.properties ?? '';
    assert.equal(propertyOf(properties, 'INNER_MULTI_DISPATCH'), `${A},${B}`);
    assert.equal(propertyOf(properties, 'INNER_MULTI_QUEUE_OFFSET'), '1,1');
    assert.equal(propertyOf(properties, 'WAIT'), undefined);
    await store.close();
  });

  it('hold none of another topic, as a dead letter is, and nothing where lite topics are off', async () => {
    const store = await openStore(directory, LITE);
    store.append(dispatched(A, '0', '%DLQ%G'));
    store.append(dispatched('%LMQ%other', '0'));
    assert.deepEqual([...store.topicNames()], ['%DLQ%G', 'T']);
    await store.close();
    const off = await openStore(join(directory, 'off'));
    off.append(dispatched(A, '0'));
    assert.deepEqual([...off.topicNames()], ['T']);
    await off.close();
  });

  for (const [what, damage] of [
    ['a crash', () => undefined],
    ['a crash without its own files', (copy: string) => rmSync(join(copy, 'consumequeue'), { recursive: true })],
  ] as const) {
    it(`are made again after ${what}`, async () => {
      const store = await openStore(directory, LITE);
      for (let index = 0; index < 40; index += 1) {
        store.append(dispatched(index % 2 === 0 ? A : B, String(index)));
        if (index === 20) await store.flushed();
      }
      const copy = `${directory}-copy`;
      cpSync(directory, copy, { recursive: true });
      rmSync(join(copy, 'lock'));
      rmSync(join(copy, 'consumequeue'), { recursive: true, force: true });
      await store.close();
      if (what !== 'a crash') cpSync(directory, copy, { recursive: true });
      damage(copy);
      const again = await openStore(copy, LITE);
      assert.equal(again.maxOffset(A, 0), 20);
      assert.deepEqual((await bodies(again, A)).slice(0, 3), ['0', '2', '4']);
      again.append(dispatched(A, 'new'));
      assert.equal(again.maxOffset(A, 0), 21);
      await again.close();
    });
  }

  it('are there after a stop, and begin anew after they were deleted, also when a crash follows', async () => {
    const store = await openStore(directory, LITE);
    for (const body of ['0', '1', '2']) store.append(dispatched(A, body));
    await store.close();
    const again = await openStore(directory, LITE);
    assert.equal(again.maxOffset(A, 0), 3);
    await again.deleteTopics([A, B], () => true);
    assert.deepEqual([...again.topicNames()], ['T']);
    again.append(dispatched(A, 'new'));
    const copy = `${directory}-deleted`;
    cpSync(directory, copy, { recursive: true });
    rmSync(join(copy, 'lock'));
    await again.close();
    const recovered = await openStore(copy, LITE);
    assert.deepEqual(await bodies(recovered, A), ['new']);
    await recovered.close();
  });

  it('are none with a name that leads out of their folder, or is too long for one', async () => {
    const names = ['../../../../out', '..', 'a/b', 'a\\b', 'ä', 'x'.repeat(250)].map((name) => `%LMQ%$T$${name}`);
    const store = await openStore(directory, LITE);
    for (const name of names) store.append(dispatched(name, 'x'));
    await store.close();
    assert.deepEqual(readdirSync(join(directory, 'consumequeue')), ['T']);
    assert.equal(existsSync(join(temp.path, 'out')), false);
  });

  it('know no places that a client wrote, wherever it wrote them, also after a crash', async () => {
    const store = await openStore(directory, LITE);
    for (const body of ['0', '1']) store.append(dispatched(A, body));
    const name = `INNER_MULTI_DISPATCH\u0001${A}\u0002`;
    const offset = 'INNER_MULTI_QUEUE_OFFSET\u00010\u0002';
    for (const [body, properties] of [
      ['2', `TAGS\u0001t\u0002${name}${offset}`],
      ['3', `${offset}${name}`],
    ] as const) {
      store.append(messageToStore({ topic: 'T', body, properties }));
    }
    const all = ['0', '1', '2', '3'];
    assert.deepEqual(await bodies(store, A), all);
    const copy = `${directory}-crashed`;
    cpSync(directory, copy, { recursive: true });
    rmSync(join(copy, 'lock'));
    await store.close();
    const recovered = await openStore(copy, LITE);
    assert.deepEqual(await bodies(recovered, A), all);
    await recovered.close();
  });

  it('are not made for a message that is refused', async () => {
    const store = await openStore(directory, LITE);
    store.isDiskFull = true;
    assert.throws(() => store.append(dispatched(A, '0')));
    assert.equal(store.hasQueue(A, 0), false);
    await store.close();
  });

  it('give places back that could not be written', async () => {
    const store = await openStore(directory, { ...LITE, maxStoreBytes: 4096 });
    const large = dispatched(A, 'x'.repeat(3900));
    assert.throws(() => store.appendAll([dispatched(A, '0'), large, large]));
    store.append(dispatched(A, '1'));
    assert.deepEqual(await bodies(store, A), ['1']);
    await store.close();
  });

  it('follow those of a master', async () => {
    const master = await openStore(join(directory, 'master'), LITE);
    for (const body of ['0', '1']) master.append(dispatched(A, body));
    const slave = await openStore(join(directory, 'slave'), LITE);
    const replica = slave.follow();
    const bytes = await master.readLog(0, 100_000);
    replica.beginAt(0);
    replica.take(Buffer.from(bytes));
    replica.store();
    assert.deepEqual(await bodies(slave, A), ['0', '1']);
    await master.close();
    await slave.close();
  });
});
