import assert from 'node:assert/strict';
import fs, { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readCheckpoint, writeCheckpoint } from '../../../src/broker/store/checkpoint.ts';
import { CommitLog } from '../../../src/broker/store/commitLog.ts';
import { FileSeries } from '../../../src/broker/store/fileSeries.ts';
import { lockStore } from '../../../src/broker/store/storeLock.ts';
import { CodedError, systemErrorCode } from '../../../src/base/errors.ts';
import { openFilesBelow } from '../../support/openFiles.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { skipTest } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const ALL = { maxMessages: 32, maxBytes: 1_000_000 };

describe('a store in trouble', () => {
  const temp = makeTempDir('faults');
  after(() => temp.remove());

  it('keeps taking messages while queue files cannot be written, and has them all later', async () => {
    const directory = join(temp.path, 'no-queues');
    const store = await openStore(directory, { commitLogFileBytes: 4_000_000 });
    const blocker = join(directory, 'consumequeue');
    writeFileSync(blocker, 'in the way');
    for (let index = 0; index < 5000; index += 1) assert.equal(store.append(messageToStore({})).queueOffset, index);
    const result = await store.read({ topic: 'T', queueId: 0, offset: 0, ...ALL });
    assert.deepEqual([result.status, result.count, result.maxOffset], ['found', 32, 5000]);
    rmSync(blocker);
    await store.close();
    const reopened = await openStore(directory, { commitLogFileBytes: 4_000_000 });
    assert.equal(reopened.maxOffset('T', 0), 5000);
    await reopened.close();
  });

  it('tells all that were staged together when they cannot be written, and goes on where it was', async () => {
    const directory = join(temp.path, 'no-log');
    const store = await openStore(directory, { commitLogFileBytes: 4096 });
    const log = join(directory, 'commitlog');
    writeFileSync(log, 'in the way');
    const told: unknown[] = [];
    for (const queueId of [0, 0, 1]) {
      const { queueOffset } = store.stage(messageToStore({ queueId }));
      store.whenWritten((error) => told.push([queueId, queueOffset, systemErrorCode(error)]));
    }
    assert.deepEqual([told, store.isWriting, store.maxOffset('T', 0)], [[], true, 0]);
    await new Promise(setImmediate);
    const refused = [
      [0, 0, 'EEXIST'],
      [0, 1, 'EEXIST'],
      [1, 0, 'EEXIST'],
    ];
    assert.deepEqual([told, store.isWriting, store.maxOffset('T', 0)], [refused, false, 0]);
    rmSync(log);
    assert.deepEqual(
      [0, 0, 1].map((queueId) => store.stage(messageToStore({ queueId })).queueOffset),
      [0, 1, 0],
    );
    // Nothing else comes between: whoever writes now writes what is staged first.
    assert.equal(store.append(messageToStore({})).queueOffset, 2);
    const { count } = await store.read({ topic: 'T', queueId: 0, offset: 0, ...ALL });
    assert.equal(count, 3);
    await store.close();
  });

  it('refuses a message while the files of its queue cannot be opened, and goes on where log and queue were', async () => {
    const directory = join(temp.path, 'no-handles');
    const options = { commitLogFileBytes: 1_000_000 };
    const store = await openStore(directory, options);
    for (let index = 0; index < 3; index += 1) store.append(messageToStore({}));
    await store.close();
    const reopened = await openStore(directory, options);
    const end = reopened.maxPhysicalOffset;
    const { openSync } = fs;
    fs.openSync = (path, ...rest) => {
      if (!String(path).includes('consumequeue')) return openSync(path, ...rest);
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    };
    try {
      for (let times = 0; times < 2; times += 1) {
        assert.throws(
          () => reopened.append(messageToStore({})),
          (error) => systemErrorCode(error) === 'EMFILE',
        );
      }
    } finally {
      fs.openSync = openSync;
    }
    const { physicalOffset, queueOffset } = reopened.append(messageToStore({}));
    assert.deepEqual([physicalOffset, queueOffset], [end, 3]);
    await reopened.close();
  });

  it('stages more messages at once than a call has room for arguments', async () => {
    const options = { commitLogFileBytes: 32_000_000, consumeQueueFileBytes: 4_000_000 };
    const store = await openStore(join(temp.path, 'many'), options);
    const count = 150_000;
    assert.equal(store.stageAll(Array.from({ length: count }, () => messageToStore({ body: '' }))).length, count);
    const error = await new Promise((resolve) => store.whenWritten(resolve));
    assert.deepEqual([error, store.maxOffset('T', 0)], [undefined, count]);
    await store.close();
  });

  it('calls nothing flushed that was refused', async () => {
    const directory = join(temp.path, 'refused');
    const store = await openStore(directory, { flushDiskType: 'SYNC_FLUSH' });
    const log = join(directory, 'commitlog');
    writeFileSync(log, 'in the way');
    store.stage(messageToStore({}));
    assert.equal(await store.flushed(), false);
    rmSync(log);
    store.stage(messageToStore({}));
    assert.equal(await store.flushed(), true);
    await store.close();
  });

  it('keeps its checkpoint when the next one cannot be written', () => {
    const checkpoint = { storeTimestamp: 1, safeOffset: 2, lastRecordOffset: 3, queueEntries: 4, indexEndOffset: 5 };
    writeCheckpoint(temp.path, checkpoint, 0);
    const { writeSync } = fs;
    fs.writeSync = () => {
      throw new Error('the disk is full');
    };
    try {
      assert.throws(() => writeCheckpoint(temp.path, { ...checkpoint, safeOffset: 9 }, 0), /the disk is full/);
    } finally {
      fs.writeSync = writeSync;
    }
    assert.deepEqual(readCheckpoint(temp.path), checkpoint);
  });

  it('knows its last record after one was taken back', () => {
    const log = new CommitLog(join(temp.path, 'taken-back'), 4096, 1_000_000);
    const first = log.reserve(100);
    first.bytes.fill(1, first.at, first.at + 100);
    const second = log.reserve(100);
    const third = log.reserve(100);
    log.rewind(third.physicalOffset);
    log.write();
    assert.deepEqual([log.end, log.lastRecordOffset], [200, second.physicalOffset]);
    log.files.release();
  });

  it('does not call bytes synced that another call is still syncing', async () => {
    const series = new FileSeries(join(temp.path, 'series'), 4096);
    series.write(0, Buffer.from('bytes'));
    const order: string[] = [];
    await Promise.all(['first', 'second'].map((name) => series.sync().then(() => order.push(name))));
    assert.deepEqual(order, ['first', 'second']);
    series.release();
  });

  it('gives what it can read before a hole in the log, and then passes the hole message by message', async () => {
    const directory = join(temp.path, 'hole');
    const store = await openStore(directory);
    for (let index = 0; index < 6; index += 1) store.append(messageToStore({ body: 'x'.repeat(1500) }));
    await store.close();
    rmSync(join(directory, 'commitlog', '4096'.padStart(20, '0')));
    const reopened = await openStore(directory);
    const read = async (offset: number): Promise<unknown[]> => {
      const { status, count, nextBeginOffset } = await reopened.read({ topic: 'T', queueId: 0, offset, ...ALL });
      return [status, count, nextBeginOffset];
    };
    assert.deepEqual(await read(0), ['found', 2, 2]);
    assert.deepEqual(await read(2), ['message-was-removing', 0, 3]);
    assert.deepEqual(await read(3), ['message-was-removing', 0, 4]);
    assert.deepEqual(await read(4), ['found', 2, 6]);
    await reopened.close();
  });

  it('holds no file open for a queue that was only read', async function () {
    if (!existsSync('/proc/self/fd')) skipTest(this, 'open files are counted through /proc, which is not here');
    const directory = join(temp.path, 'handles');
    const store = await openStore(directory);
    for (let queueId = 0; queueId < 50; queueId += 1) store.append(messageToStore({ queueId }));
    await store.close();
    const reopened = await openStore(directory);
    const before = openFilesBelow(directory);
    for (let queueId = 0; queueId < 50; queueId += 1) assert.ok(await reopened.entry('T', queueId, 0));
    assert.ok(openFilesBelow(directory) - before < 5);
    await reopened.close();
  });

  it('never lets two in, also where a dead owner left its lock', () => {
    const directory = join(temp.path, 'lock');
    const first = lockStore(directory);
    const isLocked = (error: unknown): boolean => error instanceof CodedError && error.code === 'store-locked';
    assert.throws(() => lockStore(directory), isLocked);
    first.dispose();
    writeFileSync(join(directory, 'lock'), '');
    const second = lockStore(directory);
    assert.throws(() => lockStore(directory), isLocked);
    second.dispose();
    assert.deepEqual(readdirSync(directory), []);
  });
});
