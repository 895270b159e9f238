import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { CodedError } from '../../../src/base/errors.ts';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { Retention } from '../../../src/broker/store/retention.ts';
import type { RetentionSettings } from '../../../src/broker/store/retention.ts';
import { decodeMessage } from '../../../src/protocol/message.ts';
import { encodeProperties } from '../../../src/protocol/messageProperty.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const HOUR = 3_600_000;
const GIB = 1024 ** 3;

describe('retention', function () {
  this.timeout(30_000);
  const temp = makeTempDir('retention');
  let count = 0;
  let clock: FakeClock;
  let store: MessageStore;
  let retention: Retention;
  let settings: RetentionSettings;
  let disk = { usedRatio: 0.1, freeBytes: GIB };

  beforeEach(async () => {
    clock = new FakeClock(new Date(2026, 10, 22, 12, 0, 0).getTime());
    disk = { usedRatio: 0.1, freeBytes: GIB };
    settings = {
      cleanResourceInterval: 10_000 * HOUR,
      fileReservedTime: 72,
      fileReservedBytes: 0,
      deleteWhen: '04',
      deleteFileBatchMax: 10,
      diskMaxUsedSpaceRatio: 75,
      diskSpaceCleanForciblyRatio: 85,
      diskSpaceWarningLevelRatio: 90,
      cleanFileForciblyEnable: true,
      enoughFreeDiskBytes: 4 * GIB,
    };
    store = await openStore(join(temp.path, String((count += 1))), { clock, index: { slots: 50, entries: 40 } });
    start();
    await clock.advanceAsync(60_000); // The first round by itself; the tests make the others.
    await retention.round();
  });
  afterEach(async () => {
    retention.dispose();
    await store.close();
  });
  after(() => temp.remove());

  function start(): void {
    retention = new Retention({ clock, logger: silentLogger, store, settings, readDisk: () => disk });
  }
  const change = (changed: Partial<RetentionSettings>): void => {
    Object.assign(settings, changed);
  };
  /** Messages of about 1 KiB, three a file of the log. */
  const fill = (messages: number, queueId = 0): void => {
    for (let index = 0; index < messages; index += 1) {
      const properties = encodeProperties([['UNIQ_KEY', `U${store.maxOffset('T', queueId)}-${queueId}`]]);
      store.append(messageToStore({ body: 'x'.repeat(1000), queueId, properties }));
    }
  };
  const files = (): number => readdirSync(join(store.directory, 'commitlog')).length;
  const isFound = async (key: string): Promise<boolean> => {
    const query = { topic: 'T', key, type: 'U', begin: 0, end: Number.MAX_SAFE_INTEGER } as const;
    return (await store.query(query, 1)).records.length > 0;
  };

  it('removes at the hour of deleteWhen what is older than fileReservedTime', async () => {
    fill(12);
    assert.equal(files(), 4);
    clock.advance(72 * HOUR - 1);
    await retention.round();
    assert.equal(files(), 4, 'not yet 72 hours old');
    clock.advance(1);
    await retention.round();
    assert.equal(files(), 4, 'not the hour');
    clock.advance(16 * HOUR); // 04:01
    await retention.round();
    assert.equal(files(), 1);
    assert.deepEqual([store.minOffset('T', 0), store.maxOffset('T', 0)], [9, 12]);
  });

  it('looks by itself, first after a minute and then every 10 seconds', async () => {
    fill(9);
    change({ deleteWhen: '12', fileReservedTime: 0, cleanResourceInterval: 10_000 });
    retention.dispose();
    start();
    await clock.advanceAsync(59_999);
    assert.equal(files(), 3);
    await clock.advanceAsync(1);
    await retention.round();
    assert.equal(files(), 1);
    fill(3);
    assert.equal(files(), 2);
    await clock.advanceAsync(10_000);
    await retention.round();
    assert.equal(files(), 1);
  });

  it('lets queues and index follow, and ends never go back, also after a restart', async () => {
    fill(30);
    fill(30, 1);
    const range = (queueId: number): number[] => [store.minOffset('T', queueId), store.maxOffset('T', queueId)];
    change({ deleteWhen: '12', fileReservedTime: 0 });
    await retention.round();
    assert.deepEqual(
      [range(0), range(1)],
      [
        [30, 30],
        [0, 30],
      ],
    );
    await retention.round();
    assert.deepEqual(
      [range(0), range(1)],
      [
        [30, 30],
        [27, 30],
      ],
    );
    assert.equal(await isFound('U0-0'), false);
    assert.equal(await isFound('U28-1'), true);
    assert.ok(readdirSync(join(store.directory, 'index')).length <= 2);
    assert.deepEqual(readdirSync(join(store.directory, 'consumequeue', 'T', '1')), ['320'.padStart(20, '0')]);
    const read = await store.read({ topic: 'T', queueId: 1, offset: 3, maxMessages: 32, maxBytes: 100_000 });
    assert.deepEqual([read.status, read.nextBeginOffset], ['offset-too-small', 27]);
    retention.dispose();
    await store.close();
    store = await openStore(store.directory, { clock, index: { slots: 50, entries: 40 } });
    start();
    assert.deepEqual(
      [range(0), range(1)],
      [
        [30, 30],
        [27, 30],
      ],
    );
    fill(1);
    const [record] = (await store.read({ topic: 'T', queueId: 0, offset: 30, maxMessages: 1, maxBytes: 1 })).records;
    assert.equal(record && decodeMessage(record).queueOffset, 30);
    assert.equal(await isFound('U28-1'), true);
  });

  it('removes at most deleteFileBatchMax a round, and never the newest', async () => {
    fill(15);
    change({ deleteWhen: '12', fileReservedTime: 0, deleteFileBatchMax: 2 });
    const left: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await retention.round();
      left.push(files());
    }
    assert.deepEqual(left, [3, 1, 1]);
  });

  it('removes what is old at any hour when the disk fills', async () => {
    fill(7);
    clock.advance(73 * HOUR);
    disk.usedRatio = 0.75;
    await retention.round();
    assert.equal(files(), 3);
    disk.usedRatio = 0.76;
    await retention.round();
    assert.equal(files(), 1);
    fill(3);
    assert.equal(files(), 2);
    await retention.round();
    assert.equal(files(), 2, 'what is young stays');
  });

  it('removes what is young when the disk is nearly full, unless that is forbidden', async () => {
    fill(6);
    disk.usedRatio = 0.86;
    change({ cleanFileForciblyEnable: false });
    await retention.round();
    assert.equal(files(), 2);
    change({ cleanFileForciblyEnable: true });
    await retention.round();
    assert.equal(files(), 1);
    assert.equal(store.isDiskFull, false);
  });

  it('refuses to store on a full disk until it has room again', async () => {
    const isRefused = (error: unknown): boolean => error instanceof CodedError && error.code === 'store-full';
    disk.usedRatio = 0.91;
    await retention.round();
    assert.throws(() => fill(1), isRefused);
    assert.equal(store.maxOffset('T', 0), 0);
    disk.usedRatio = 0.9;
    await retention.round();
    fill(1);
    change({ diskSpaceWarningLevelRatio: 10 });
    disk.usedRatio = 0.34;
    await retention.round();
    fill(1); // Apache takes no less than 35 %
    disk.usedRatio = 0.36;
    await retention.round();
    assert.throws(() => fill(1), isRefused);
  });

  it('does not call a disk full that has enough free, unless told to go by the ratio alone', async () => {
    fill(6);
    disk = { usedRatio: 0.95, freeBytes: 5 * GIB };
    await retention.round();
    assert.deepEqual([files(), store.isDiskFull], [2, false]);
    change({ enoughFreeDiskBytes: 0 });
    await retention.round();
    assert.deepEqual([files(), store.isDiskFull], [1, true]);
  });

  it('keeps to a size', async () => {
    fill(30);
    change({ fileReservedBytes: 5 * 4096 });
    await retention.round();
    assert.equal(files(), 5);
  });

  it('looks at once when asked to, and in the rounds after that', async () => {
    fill(6);
    clock.advance(73 * HOUR);
    retention.cleanManually();
    await retention.round();
    assert.equal(files(), 1);
    fill(3);
    assert.equal(files(), 2);
    clock.advance(73 * HOUR);
    await retention.round();
    assert.equal(files(), 1);
  });

  it('keeps an expired queue that gets a message while it is looked at', async () => {
    fill(1);
    fill(9, 1);
    const { directory } = store;
    await store.close();
    store = await openStore(directory, { clock });
    assert.equal(await store.removeOldFiles(1, () => true), 1);
    const removing = store.removeExpiredQueues(() => true);
    // The file of the queue is being read now.
    await Promise.resolve().then(() => undefined);
    store.append(messageToStore({ body: 'late' }));
    assert.equal(await removing, 0);
    const result = await store.read({ topic: 'T', queueId: 0, offset: 1, maxMessages: 32, maxBytes: 1000 });
    assert.deepEqual([result.status, result.count, result.maxOffset], ['found', 1, 2]);
    await store.close();
    store = await openStore(directory, { clock });
    assert.equal(store.maxOffset('T', 0), 2);
  });

  it('goes on when the disk cannot be asked', async () => {
    retention.dispose();
    const readDisk = (): never => {
      throw new Error('no statfs here');
    };
    retention = new Retention({ clock, logger: silentLogger, store, settings, readDisk });
    await retention.round();
    fill(1);
    assert.equal(store.isDiskFull, false);
  });
});
