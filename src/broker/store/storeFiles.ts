import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { readCheckpoint, readIndexFinishedTimestamp } from './checkpoint.ts';
import { CommitLog } from './commitLog.ts';
import { entryTagsCode } from './dispatch.ts';
import type { IndexGeometry } from './indexFormat.ts';
import { KeyIndex } from './keyIndex.ts';
import { QueueTable } from './queueTable.ts';
import { recover } from './recovery.ts';
import { lockStore } from './storeLock.ts';

const GIB = 1024 ** 3;
const APACHE_INDEX: IndexGeometry = { slots: 5_000_000, entries: 20_000_000 };

/** @throws CodedError `store-locked`, `store-damaged` */
export async function openStoreFiles(options: StoreFilesOptions): Promise<StoreFiles> {
  const { directory, logger, clock, delayLevelsMs } = options;
  const lock = lockStore(directory);
  try {
    const abortFile = join(directory, 'abort');
    const maxBytes = options.maxStoreBytes ?? Number.MAX_SAFE_INTEGER;
    const crashed = existsSync(abortFile);
    const log = new CommitLog(join(directory, 'commitlog'), options.commitLogFileBytes ?? GIB, maxBytes, crashed);
    const queues = new QueueTable(directory, options.consumeQueueFileBytes ?? 6_000_000);
    const geometry = options.index === undefined ? APACHE_INDEX : options.index;
    const index = geometry === null ? undefined : new KeyIndex(join(directory, 'index'), geometry, clock);
    const began = clock.now();
    const { records, lastTimestamp, from } = await recover({
      log,
      queues,
      index,
      checkpoint: readCheckpoint(directory),
      crashed,
      indexFinishedTimestamp: readIndexFinishedTimestamp(directory),
      tagsCodeOf: (record) => entryTagsCode(record, delayLevelsMs),
      hasLightQueues: options.hasLightQueues === true,
    });
    if (crashed || records > 0) {
      logger.info(
        `store recovered: ${records} records read from offset ${from} in ${clock.now() - began} ms, end ${log.end}`,
      );
    }
    mkdirSync(join(directory, 'config'), { recursive: true });
    writeFileSync(abortFile, '');
    return {
      log,
      queues,
      index,
      lastTimestamp,
      markClosed: () => rmSync(abortFile, { force: true }),
      release: () => {
        log.files.release();
        queues.release();
        lock.dispose();
      },
    };
  } catch (error) {
    lock.dispose();
    throw error;
  }
}

/** What lies in the directory of a store, as recovery left it. */
export interface StoreFiles {
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly index: KeyIndex | undefined;
  /** Store time of the newest record; 0 when that is not known. */
  readonly lastTimestamp: number;
  /** Everything is on disk: the next start has nothing to recover. */
  readonly markClosed: () => void;
  /** Another process may open the directory. */
  readonly release: () => void;
}

export interface StoreFilesOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `mappedFileSizeCommitLog`, default 1 GiB. */
  readonly commitLogFileBytes?: number;
  /** `mappedFileSizeConsumeQueue` in bytes, default 300 000 entries. */
  readonly consumeQueueFileBytes?: number;
  /** Refuses appends beyond; default none. */
  readonly maxStoreBytes?: number;
  /** `maxHashSlotNum` and `maxIndexNum`, default Apache's; null keeps no index (`messageIndexEnable`). */
  readonly index?: IndexGeometry | null;
  /** Delays in ms of levels 1, 2, …. */
  readonly delayLevelsMs: readonly number[];
  /** Do lite topics have queues of their own? Default no. */
  readonly hasLightQueues?: boolean;
}
