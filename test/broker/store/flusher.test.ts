import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/deferred.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { nextTurn } from '../../../src/base/nextTurn.ts';
import type { CommitLog } from '../../../src/broker/store/commitLog.ts';
import { Flusher } from '../../../src/broker/store/flusher.ts';
import type { QueueTable } from '../../../src/broker/store/queueTable.ts';
import { FakeClock } from '../../support/fakeClock.ts';

describe('Flusher', () => {
  /** A flusher over a disk that is ready when the test says so. */
  function slowDisk(syncEach = false): {
    readonly clock: FakeClock;
    readonly flusher: Flusher;
    readonly syncs: Deferred<void>[];
    readonly checkpoints: unknown[];
    readonly written: () => void;
  } {
    const clock = new FakeClock();
    const syncs: Deferred<void>[] = [];
    const checkpoints: unknown[] = [];
    const files = {
      hasUnsynced: false,
      isSyncing: false,
      sync: (): Promise<void> => {
        files.hasUnsynced = false;
        const done = new Deferred<void>();
        syncs.push(done);
        return done.promise;
      },
    };
    const flusher = new Flusher({
      clock,
      logger: silentLogger,
      log: { files, end: 0, lastRecordOffset: -1 } as unknown as CommitLog,
      queues: { entryCount: 0, all: () => [] } as unknown as QueueTable,
      index: undefined,
      flushIntervalMs: 500,
      syncTimeoutMs: 5000,
      syncEach,
      written: () => Promise.resolve(true),
      saveCheckpoint: (mark) => checkpoints.push(mark),
    });
    const written = (): void => {
      files.hasUnsynced = true;
      flusher.dirty();
    };
    return { clock, flusher, syncs, checkpoints, written };
  }

  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  };

  it('lets no syncs and no checkpoints pile up behind a disk that is slower than its timers', async () => {
    const { clock, syncs, checkpoints, written } = slowDisk();
    for (let second = 0; second < 60; second += 1) {
      written();
      await clock.advanceAsync(1000);
    }
    assert.deepEqual([syncs.length, checkpoints.length], [2, 0]);
    for (const sync of syncs) sync.resolve();
    await turns();
    assert.equal(checkpoints.length, 1);
    await clock.advanceAsync(500);
    assert.equal(syncs.length, 3);
    await clock.advanceAsync(4500);
    assert.equal(syncs.length, 4);
  });

  it('has no timer when all is on disk', async () => {
    const { clock, syncs, checkpoints, written } = slowDisk();
    written();
    await clock.advanceAsync(500);
    syncs[0]?.resolve();
    await clock.advanceAsync(4500);
    syncs[1]?.resolve();
    await turns();
    assert.equal(checkpoints.length, 1);
    await clock.advanceAsync(60_000);
    assert.deepEqual([syncs.length, checkpoints.length], [2, 1]);
  });

  it('brings to disk under SYNC_FLUSH as well what nobody waits for', async () => {
    const { clock, syncs, written } = slowDisk(true);
    written();
    await clock.advanceAsync(500);
    assert.equal(syncs.length, 1);
  });
});
