import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CommitLog } from './commitLog.ts';
import type { KeyIndex } from './keyIndex.ts';
import type { QueueTable } from './queueTable.ts';

const CHECKPOINT_INTERVAL_MS = 5000;
/** Queues brought to disk together; the pool that does it has four threads, and reads need some too. */
const SYNCS_AT_ONCE = 2;

/**
 * Brings files to disk. The log follows within half a second, or before each answer under SYNC_FLUSH, where all
 * senders that wait share one flush; queues and checkpoint follow every few seconds. Idle stores have no timer.
 */
export class Flusher {
  readonly #options: FlusherOptions;
  #logTimer: Disposable | undefined;
  #checkpointTimer: Disposable | undefined;
  #waiting: Waiter[] = [];
  #syncing: Promise<void> | undefined;
  #checkpointing: Promise<void> = Promise.resolve();
  #isCheckpointing = false;
  /** Something was appended since the last checkpoint began. */
  #hasNews = false;
  #closed = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Something is on its way to the disk: a write to the log may have to wait for it. */
  get isSyncing(): boolean {
    return this.#isCheckpointing || this.#options.log.files.isSyncing;
  }

  /**
   * Something was appended. Under SYNC_FLUSH nobody may wait for it, as for what the broker itself stores. A timer that
   * has fired keeps its place until its work is over, so that no work piles up behind a disk that is slower than timers.
   */
  dirty(): void {
    this.#hasNews = true;
    if (this.#closed) return;
    this.#syncSoon();
    this.#checkpointTimer ??= this.#options.clock.after(CHECKPOINT_INTERVAL_MS, () => void this.#onCheckpointTimer());
  }

  /** See MessageStore.flushed. */
  flushed(): true | Promise<boolean> {
    if (!this.#options.syncEach) return true;
    const waiter = new Deferred<boolean>();
    const timer = this.#options.clock.after(this.#options.syncTimeoutMs, () => waiter.resolve(false));
    this.#waiting.push({ waiter, written: this.#options.written() });
    this.#syncing ??= this.#syncWaiting();
    return waiter.promise.finally(() => timer.dispose());
  }

  /** Brings log and queues to disk and says so in the checkpoint. */
  checkpointNow(): Promise<void> {
    const next = this.#checkpointing.catch(() => undefined).then(() => this.#checkpoint());
    this.#checkpointing = next;
    return next;
  }

  /** Everything is on disk, and a checkpoint says so, when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#logTimer?.dispose();
    this.#checkpointTimer?.dispose();
    await this.#syncing;
    await this.checkpointNow();
  }

  async #syncWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const areWritten = await Promise.all(waiting.map(({ written }) => written));
      const done = await this.#syncLog();
      for (const [index, { waiter }] of waiting.entries()) waiter.resolve(done && areWritten[index] === true);
    }
    this.#syncing = undefined;
  }

  #syncSoon(): void {
    const { clock, flushIntervalMs } = this.#options;
    this.#logTimer ??= clock.after(flushIntervalMs, () => void this.#onLogTimer());
  }

  async #onLogTimer(): Promise<void> {
    await this.#syncLog();
    this.#logTimer = undefined;
    if (this.#options.log.files.hasUnsynced && !this.#closed) this.#syncSoon();
  }

  async #onCheckpointTimer(): Promise<void> {
    try {
      await this.checkpointNow();
    } catch (error) {
      this.#options.logger.error('the checkpoint could not be written; it is tried again', error);
      this.#hasNews = true;
    }
    this.#checkpointTimer = undefined;
    if (this.#hasNews) this.dirty();
  }

  async #syncLog(): Promise<boolean> {
    try {
      await this.#options.log.files.sync();
      return true;
    } catch (error) {
      this.#options.logger.error('the commit log could not be brought to disk; it is tried again', error);
      this.dirty();
      return false;
    }
  }

  /** The order matters: the mark is written when all that it promises is on disk. */
  async #checkpoint(): Promise<void> {
    const { log, queues, index, saveCheckpoint } = this.#options;
    this.#hasNews = false;
    const mark = { safeOffset: log.end, lastRecordOffset: log.lastRecordOffset, queueEntries: queues.entryCount };
    const changed = [...queues.all()].filter((queue) => queue.isDirty);
    this.#isCheckpointing = true;
    try {
      await log.files.sync();
      const left = changed.values();
      const work = async (): Promise<void> => {
        for (const queue of left) await queues.toDisk(queue);
      };
      await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, work));
      const indexEndOffset = index === undefined ? Number.MAX_SAFE_INTEGER : await index.sync();
      saveCheckpoint({ ...mark, indexEndOffset });
    } finally {
      this.#isCheckpointing = false;
    }
  }
}

interface Waiter {
  readonly waiter: Deferred<boolean>;
  /** See FlusherOptions.written. */
  readonly written: Promise<boolean>;
}

export interface FlusherOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly index: KeyIndex | undefined;
  readonly flushIntervalMs: number;
  readonly syncTimeoutMs: number;
  /** SYNC_FLUSH */
  readonly syncEach: boolean;
  /** Resolves when what is staged at the call is in the files, false when it is refused. */
  readonly written: () => Promise<boolean>;
  readonly saveCheckpoint: (mark: Omit<Checkpoint, 'storeTimestamp'>) => void;
}
