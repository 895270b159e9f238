import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { javaHash } from '../../../src/protocol/filter/tag.ts';
import { readInt64 } from '../../../src/protocol/bigEndian.ts';
import { decodeMessage } from '../../../src/protocol/message.ts';
import { encodeProperties } from '../../../src/protocol/messageProperty.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const SLOTS = 128;
const ENTRIES = 64;

describe('the index of keys', function () {
  this.timeout(60_000);
  const temp = makeTempDir('index');
  let count = 0;
  let store: MessageStore | undefined;
  const fresh = (): string => join(temp.path, String((count += 1)));
  const open = async (directory: string, clock = new FakeClock()): Promise<MessageStore> =>
    (store = await openStore(directory, { clock, index: { slots: SLOTS, entries: ENTRIES } }));
  afterEach(async () => {
    await store?.close();
    store = undefined;
  });
  after(() => temp.remove());

  /** Message number `index`: a unique key, a key of its own and one that every third has. */
  const put = (to: MessageStore, index: number): number =>
    to.append(
      messageToStore({
        body: String(index),
        properties: encodeProperties([
          ['UNIQ_KEY', `U${index}`],
          ['KEYS', `K${index} third-${index % 3}`],
        ]),
      }),
    ).physicalOffset;
  const find = async (from: MessageStore, key: string, max = 1000): Promise<string[]> => {
    const query = { topic: 'T', key, type: 'K', begin: 0, end: Number.MAX_SAFE_INTEGER } as const;
    const { records } = await from.query(query, max);
    return records.map((record) => decodeMessage(record).body.toString());
  };
  const assertComplete = async (from: MessageStore, messages: number): Promise<void> => {
    for (let index = 0; index < messages; index += 1) {
      assert.deepEqual(await find(from, `U${index}`), [String(index)], `U${index} of ${messages}`);
      assert.deepEqual(await find(from, `K${index}`), [String(index)], `K${index} of ${messages}`);
    }
    for (const rest of [0, 1, 2]) {
      const expected = Array.from({ length: messages }, (_, index) => index).filter((index) => index % 3 === rest);
      assert.deepEqual(await find(from, `third-${rest}`), expected.map(String));
    }
  };
  const crash = (directory: string): string => {
    const copy = fresh();
    cpSync(directory, copy, { recursive: true });
    rmSync(join(copy, 'lock'));
    return copy;
  };

  it('is written as Apache writes it', async () => {
    const directory = fresh();
    const clock = new FakeClock(new Date(2026, 10, 22, 21, 20, 6, 123).getTime());
    const began = clock.now();
    const first = await open(directory, clock);
    const offsets = [put(first, 0)];
    clock.advance(2500);
    offsets.push(put(first, 1));
    await first.close();
    assert.deepEqual(readdirSync(join(directory, 'index')), ['20261122212006123']);
    const bytes = readFileSync(join(directory, 'index', '20261122212006123'));
    assert.equal(bytes.length, 40 + SLOTS * 4 + ENTRIES * 20);
    const header = [0, 8, 16, 24].map((at) => readInt64(bytes, at));
    assert.deepEqual(header, [began, began + 2500, offsets[0], offsets[1]]);
    const keys = ['T#U0', 'T#K0', 'T#third-0', 'T#U1', 'T#K1', 'T#third-1'];
    const hashes = keys.map((key) => Math.abs(javaHash(key)));
    assert.deepEqual([bytes.readInt32BE(32), bytes.readInt32BE(36)], [new Set(hashes.map((h) => h % SLOTS)).size, 7]);
    hashes.forEach((hash, index) => {
      const at = 40 + SLOTS * 4 + (index + 1) * 20;
      assert.equal(bytes.readInt32BE(at), hash);
      assert.equal(readInt64(bytes, at + 4), offsets[index < 3 ? 0 : 1]);
      assert.equal(bytes.readInt32BE(at + 12), index < 3 ? 0 : 2);
    });
    const newest = new Map(hashes.map((hash, index) => [hash % SLOTS, index + 1]));
    for (const [slot, entry] of newest) assert.equal(bytes.readInt32BE(40 + slot * 4), entry);
  });

  it('goes on over many files, before and after a restart', async () => {
    const directory = fresh();
    const first = await open(directory);
    for (let index = 0; index < 50; index += 1) put(first, index);
    await assertComplete(first, 50);
    await first.close();
    assert.equal(readdirSync(join(directory, 'index')).length, 3);
    const second = await open(directory);
    await assertComplete(second, 50);
    for (let index = 50; index < 70; index += 1) put(second, index);
    await assertComplete(second, 70);
    assert.equal((await find(second, 'third-0', 2)).join(), '66,69');
  });

  it('has every key after a crash, whatever was on disk', async () => {
    const directory = fresh();
    const clock = new FakeClock();
    const first = await open(directory, clock);
    for (let index = 0; index < 90; index += 1) {
      put(first, index);
      if (index % 29 === 0) await first.deleteTopic('none'); // writes a checkpoint
      if (index % 17 !== 0) continue;
      const reopened = await open(crash(directory));
      await assertComplete(reopened, index + 1);
      put(reopened, index + 1);
      await reopened.close();
      const again = await open(reopened.directory);
      await assertComplete(again, index + 2);
      await again.close();
    }
    store = first;
  });

  it('is made again when its files are lost, damaged or of another size', async () => {
    const directory = fresh();
    const first = await open(directory);
    for (let index = 0; index < 50; index += 1) put(first, index);
    await first.deleteTopic('none');
    const crashed = crash(directory);
    await first.close();
    const names = readdirSync(join(directory, 'index')).sort();
    for (const name of names) {
      const lost = copyOf(directory);
      rmSync(join(lost, 'index', name));
      if (name === names.at(-1)) await assertComplete(await open(lost), 50);
      await store?.close();
      for (const [damage, bytes] of Object.entries({
        noise: Buffer.alloc(3000, 0xa7),
        zeros: Buffer.alloc(40 + SLOTS * 4 + ENTRIES * 20),
        short: readFileSync(join(crashed, 'index', name)).subarray(0, 900),
        nothing: Buffer.alloc(0),
      })) {
        const damaged = copyOf(crashed);
        writeFileSync(join(damaged, 'index', name), bytes);
        await assertComplete(await open(damaged), 50).catch((error: unknown) => {
          throw new Error(`${damage} of ${name}`, { cause: error });
        });
        await store?.close();
      }
    }
    store = await openStore(directory, { index: { slots: 16, entries: 500 } });
    await assertComplete(store, 50);
  });

  it('forgets what the log lost', async () => {
    const directory = fresh();
    const first = await open(directory);
    for (let index = 0; index < 60; index += 1) put(first, index);
    await first.deleteTopic('none');
    const copy = crash(directory);
    await first.close();
    for (const name of readdirSync(join(copy, 'commitlog')))
      if (Number(name) > 0) rmSync(join(copy, 'commitlog', name));
    const cut = await open(copy);
    const kept = cut.maxOffset('T', 0);
    assert.ok(kept > 5 && kept < 60);
    await assertComplete(cut, kept);
    assert.deepEqual(await find(cut, `U${kept}`), []);
    put(cut, kept);
    await assertComplete(cut, kept + 1);
  });

  it('is not kept when it is switched off, and is whole when it is switched on again', async () => {
    const directory = fresh();
    const without = await openStore(directory, { index: null });
    for (let index = 0; index < 10; index += 1) put(without, index);
    assert.deepEqual(await find(without, 'U1'), []);
    await without.close();
    assert.equal(existsSync(join(directory, 'index')), false);
    await assertComplete(await open(directory), 10);
  });

  function copyOf(directory: string): string {
    const copy = fresh();
    cpSync(directory, copy, { recursive: true });
    return copy;
  }
});
