import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../src/base/errors.ts';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { tagFilter } from '../../../src/protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../../src/protocol/filter/messageFilter.ts';
import { decodeMessage, decodeMessages } from '../../../src/protocol/message.ts';
import { SCHEDULE_TOPIC } from '../../../src/protocol/topicName.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const ALL = { maxMessages: 32, maxBytes: 1_000_000 };

describe('MessageStore', () => {
  const temp = makeTempDir('store');
  let count = 0;
  let store: MessageStore | undefined;
  const fresh = (): string => join(temp.path, String((count += 1)));

  afterEach(async () => {
    await store?.close();
    store = undefined;
  });
  after(() => temp.remove());

  async function bodies(topic = 'T', queueId = 0): Promise<string[]> {
    const found: string[] = [];
    for (let offset = store!.minOffset(topic, queueId); offset < store!.maxOffset(topic, queueId);) {
      const result = await store!.read({ topic, queueId, offset, ...ALL });
      assert.equal(result.status, 'found');
      for (const message of decodeMessages(Buffer.concat(result.records))) {
        assert.equal(message.queueOffset, found.length);
        found.push(message.body.toString());
      }
      offset = result.nextBeginOffset;
    }
    return found;
  }

  it('numbers messages a queue and gives them back in order', async () => {
    store = await openStore(fresh());
    assert.deepEqual(store.append(messageToStore({ body: 'a' })).queueOffset, 0);
    assert.deepEqual(store.append(messageToStore({ body: 'b', queueId: 1 })).queueOffset, 0);
    const stored = store.append(messageToStore({ body: 'c' }));
    assert.deepEqual(stored.queueOffset, 1);
    assert.deepEqual(await bodies(), ['a', 'c']);
    assert.deepEqual(await bodies('T', 1), ['b']);
    assert.equal(decodeMessage((await store.record(stored.physicalOffset))!).body.toString(), 'c');
    assert.equal(await store.record(stored.physicalOffset + 1), undefined);
  });

  it('survives closing, across file borders of log and queue', async () => {
    const directory = fresh();
    const sent = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    store = await openStore(directory);
    for (const body of sent) store.append(messageToStore({ body }));
    const end = store.maxPhysicalOffset;
    await store.close();
    assert.ok(readdirSync(join(directory, 'commitlog')).length > 3);
    assert.ok(readdirSync(join(directory, 'consumequeue', 'T', '0')).length > 10);
    assert.equal(existsSync(join(directory, 'abort')), false);
    store = await openStore(directory);
    assert.equal(store.maxPhysicalOffset, end);
    assert.deepEqual(await bodies(), sent);
    assert.equal(store.append(messageToStore({ body: 'next' })).queueOffset, 200);
    assert.deepEqual((await bodies()).at(-1), 'next');
  });

  it('reads on in a queue whose files grow meanwhile', async () => {
    const directory = fresh();
    store = await openStore(directory);
    const sent: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 50; index += 1) {
        sent.push(`${round} ${index}`);
        store.append(messageToStore({ body: `${round} ${index}` }));
      }
      // Into the files, and nothing of it stays in memory.
      await store.close();
      store = await openStore(directory);
      assert.deepEqual(await bodies(), sent);
      assert.deepEqual(await bodies(), sent);
    }
  });

  it('marks the rest of a full file blank, as Apache does', async () => {
    const directory = fresh();
    store = await openStore(directory);
    const first = store.append(messageToStore({ body: 'x'.repeat(3000) }));
    const second = store.append(messageToStore({ body: 'y'.repeat(3000) }));
    assert.equal(second.physicalOffset, 4096);
    const file = readFileSync(join(directory, 'commitlog', '0'.repeat(20)));
    assert.equal(file.readInt32BE(first.sizeBytes), 4096 - first.sizeBytes);
    assert.equal(file.readUInt32BE(first.sizeBytes + 4), 0xcbd43194);
    assert.deepEqual(
      (await bodies()).map((body) => body[0]),
      ['x', 'y'],
    );
  });

  it('tells arrivals when the message can be read', async () => {
    store = await openStore(fresh());
    const seen: unknown[] = [];
    store.onArrival(({ topic, queueId, offset, tagsCode }) =>
      seen.push([topic, queueId, offset, tagsCode, store!.maxOffset(topic, queueId)]),
    );
    store.appendAll([messageToStore({ tag: 'TagA' }), messageToStore({}), messageToStore({ queueId: 3 })]);
    assert.deepEqual(seen, [
      ['T', 0, 0, 2598919, 2],
      ['T', 0, 1, 0, 2],
      ['T', 3, 0, 0, 1],
    ]);
  });

  it('filters by tags code and moves past what does not match', async () => {
    store = await openStore(fresh());
    for (const tag of ['A', 'B', 'A', 'B']) store.append(messageToStore({ tag, body: tag }));
    const filter = tagFilter('B');
    const result = await store.read({ topic: 'T', queueId: 0, offset: 0, ...ALL, filter });
    assert.deepEqual(
      decodeMessages(Buffer.concat(result.records)).map((message) => message.queueOffset),
      [1, 3],
    );
    assert.equal(result.nextBeginOffset, 4);
    const none = await store.read({ topic: 'T', queueId: 0, offset: 0, ...ALL, filter: tagFilter('C') });
    assert.deepEqual([none.status, none.nextBeginOffset, none.count], ['no-matched-message', 4, 0]);
  });

  it('tells the six ways of finding nothing', async () => {
    store = await openStore(fresh());
    const status = async (offset: number): Promise<unknown[]> => {
      const { status, nextBeginOffset } = await store!.read({ topic: 'T', queueId: 0, offset, ...ALL });
      return [status, nextBeginOffset];
    };
    assert.deepEqual(await status(0), ['no-message-in-queue', 0]);
    assert.deepEqual(await status(5), ['no-message-in-queue', 0]);
    store.append(messageToStore({}));
    assert.deepEqual(await status(1), ['offset-overflow-one', 1]);
    assert.deepEqual(await status(9), ['offset-overflow-badly', 1]);
    assert.deepEqual(await status(-1), ['offset-too-small', 0]);
    assert.deepEqual(await status(0), ['found', 1]);
  });

  it('keeps to the limits of one read but always gives one message', async () => {
    store = await openStore(fresh(), { commitLogFileBytes: 4_000_000 });
    for (let index = 0; index < 50; index += 1) store.append(messageToStore({ body: 'x'.repeat(10_000) }));
    const read = async (maxMessages: number, maxBytes: number): Promise<number> =>
      (await store!.read({ topic: 'T', queueId: 0, offset: 0, maxMessages, maxBytes })).count;
    assert.equal(await read(5, 1_000_000), 5);
    assert.equal(await read(100, 1_000_000), 25); // 256 KiB a call
    assert.equal(await read(100, 1), 1);
  });

  it('looks at no more entries and records of a queue than one read gives, whatever the reader asks for', async () => {
    store = await openStore(fresh(), { commitLogFileBytes: 4_000_000, consumeQueueFileBytes: 20_000 });
    for (let index = 0; index < 900; index += 1) store.append(messageToStore({}));
    let looked = 0;
    const read = async (filter: MessageFilter): Promise<unknown[]> => {
      looked = 0;
      const request = { topic: 'T', queueId: 0, offset: 0, maxMessages: 0x7fffffff, maxBytes: 1_000_000, filter };
      const { count, nextBeginOffset } = await store!.read(request);
      return [count, nextBeginOffset, looked];
    };
    const matchesCode = (): boolean => true;
    const matchesProperties = (): boolean => (looked += 1) > 0;
    assert.deepEqual(await read({ matchesCode, matchesProperties }), [32, 32, 32]);
    assert.deepEqual(await read({ matchesCode: () => (looked += 1) < 0 }), [0, 800, 800]);
  });

  it('refuses what passes the cap, whole, and goes on reading', async () => {
    store = await openStore(fresh(), { maxStoreBytes: 500 });
    store.append(messageToStore({ body: 'first' }));
    const isFull = (error: unknown): boolean => error instanceof CodedError && error.code === 'store-full';
    assert.throws(() => store!.append(messageToStore({ body: 'x'.repeat(500) })), isFull);
    assert.throws(() => store!.appendAll(Array.from({ length: 9 }, () => messageToStore({ body: 'batch' }))), isFull);
    assert.equal(store.maxOffset('T', 0), 1);
    assert.deepEqual(await bodies(), ['first']);
    assert.equal(store.append(messageToStore({ body: 'second' })).queueOffset, 1);
    assert.deepEqual(await bodies(), ['first', 'second']);
  });

  it('lets one process in', async () => {
    const directory = fresh();
    store = await openStore(directory);
    await assert.rejects(
      openStore(directory),
      (error) => error instanceof CodedError && error.code === 'store-locked' && error.details['pid'] === process.pid,
    );
  });

  it('names a file that has the wrong length', async () => {
    const directory = fresh();
    store = await openStore(directory);
    store.append(messageToStore({}));
    await store.close();
    await assert.rejects(
      openStore(directory, { commitLogFileBytes: 8192 }),
      (error) => error instanceof CodedError && error.code === 'store-damaged',
    );
    store = await openStore(directory);
  });

  it('finds offsets by time', async () => {
    const clock = new FakeClock(1000);
    store = await openStore(fresh(), { clock });
    for (let index = 0; index < 5; index += 1) {
      store.append(messageToStore({}));
      clock.advance(10);
    }
    const at = (time: number, boundary: 'lower' | 'upper'): Promise<number> =>
      store!.offsetByTime('T', 0, time, boundary);
    assert.deepEqual(
      await Promise.all([at(0, 'lower'), at(1000, 'lower'), at(1001, 'lower'), at(1040, 'lower'), at(2000, 'lower')]),
      [0, 0, 1, 4, 5],
    );
    assert.deepEqual(
      await Promise.all([at(0, 'upper'), at(1000, 'upper'), at(1019, 'upper'), at(2000, 'upper')]),
      [0, 0, 1, 4],
    );
    assert.equal(await store.offsetByTime('none', 0, 5, 'lower'), 0);
  });

  it('gives a delayed message its due time for a tags code', async () => {
    const clock = new FakeClock(50_000);
    store = await openStore(fresh(), { clock });
    store.append(messageToStore({ topic: SCHEDULE_TOPIC, queueId: 2, properties: 'DELAY\u00013\u0002' }));
    assert.equal((await store.entry(SCHEDULE_TOPIC, 2, 0))?.tagsCode, 60_000);
  });

  it('never lets store times go back', async () => {
    const clock = new FakeClock(50_000);
    store = await openStore(fresh(), { clock });
    assert.equal(store.append(messageToStore({})).storeTimestamp, 50_000);
    const stored = clock.now();
    clock.advance(-1000);
    assert.equal(store.append(messageToStore({})).storeTimestamp, stored);
  });

  it('forgets the queues of a deleted topic for good', async () => {
    const directory = fresh();
    store = await openStore(directory);
    store.append(messageToStore({ topic: 'gone' }));
    store.append(messageToStore({ topic: 'kept', body: 'kept' }));
    await store.deleteTopic('gone');
    assert.deepEqual(
      [...store.queues()].map(({ topic }) => topic),
      ['kept'],
    );
    await store.close();
    store = await openStore(directory);
    assert.deepEqual(
      [...store.queues()].map(({ topic }) => topic),
      ['kept'],
    );
    assert.deepEqual(await bodies('kept'), ['kept']);
  });

  it('answers flushed() at once under ASYNC_FLUSH and after the disk under SYNC_FLUSH', async () => {
    store = await openStore(fresh());
    store.append(messageToStore({}));
    assert.equal(await store.flushed(), true);
    await store.close();
    store = await openStore(fresh(), { flushDiskType: 'SYNC_FLUSH' });
    store.append(messageToStore({}));
    assert.deepEqual(await Promise.all([store.flushed(), store.flushed()]), [true, true]);
  });

  it('has no timer while nothing is stored', async () => {
    const clock = new FakeClock();
    store = await openStore(fresh(), { clock });
    assert.equal(clock.pendingCount, 0);
    store.append(messageToStore({}));
    assert.equal(clock.pendingCount, 2);
    await store.close();
    assert.equal(clock.pendingCount, 0);
  });
});
