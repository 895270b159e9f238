import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { DEFAULT_DELAY_LEVELS, parseDelayLevels } from '../../protocol/delayLevel.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { CommitLog } from './commitLog.ts';
import type { PlacedRecord, RecordParts } from './commitLog.ts';
import type { ConsumeQueue, QueueEntry } from './consumeQueue.ts';
import { entryTagsCode, hasQueueEntry } from './dispatch.ts';
import { Flusher } from './flusher.ts';
import { QueueTable } from './queueTable.ts';
import { readQueue } from './readQueue.ts';
import type { ReadRequest, ReadResult } from './readQueue.ts';
import { recover } from './recovery.ts';
import { lockStore } from './storeLock.ts';
import { offsetByTime } from './timeIndex.ts';

export interface StoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `mappedFileSizeCommitLog`, default 1 GiB. */
  readonly commitLogFileBytes?: number;
  /** `mappedFileSizeConsumeQueue` in bytes, default 300 000 entries. */
  readonly consumeQueueFileBytes?: number;
  /** Refuses appends beyond; default none. */
  readonly maxStoreBytes?: number;
  readonly flushDiskType?: 'ASYNC_FLUSH' | 'SYNC_FLUSH';
  /** Delays in ms of levels 1, 2, …; default Apache's eighteen. */
  readonly delayLevelsMs?: readonly number[];
}

export interface MessageToStore {
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: HostAddress;
  readonly storeHost: HostAddress;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly body: Buffer;
  readonly properties: string;
}

export interface StoredAt {
  readonly physicalOffset: number;
  readonly queueOffset: number;
  readonly sizeBytes: number;
  readonly storeTimestamp: number;
}

/** A message that readers of its queue can see from now on. */
export interface Arrival {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly tagsCode: number;
  readonly properties: string;
}

const GIB = 1024 ** 3;

/** Messages on disk in the files of Apache RocketMQ. Source: DefaultMessageStore.java. */
export class MessageStore {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #log: CommitLog;
  readonly #queues: QueueTable;
  readonly #flusher: Flusher;
  readonly #lock: Disposable;
  readonly #delayLevelsMs: readonly number[];
  readonly #arrivals = new Emitter<Arrival>();
  #lastTimestamp: number;
  #appendedRecords = 0;
  #appendedBytes = 0;
  #closed = false;

  private constructor(options: StoreOptions, parts: StoreParts) {
    this.directory = options.directory;
    this.#clock = options.clock;
    this.#log = parts.log;
    this.#queues = parts.queues;
    this.#lock = parts.lock;
    this.#delayLevelsMs = parts.delayLevelsMs;
    this.#lastTimestamp = parts.lastTimestamp;
    this.#flusher = new Flusher({
      clock: options.clock,
      logger: options.logger,
      log: parts.log,
      queues: parts.queues,
      syncEach: options.flushDiskType === 'SYNC_FLUSH',
      saveCheckpoint: (safeOffset) =>
        writeCheckpoint(options.directory, { storeTimestamp: this.#lastTimestamp, safeOffset }),
    });
  }

  /**
   * Opens the directory, or makes it, and recovers what a crash left.
   * @throws CodedError `store-locked`, `store-damaged`
   */
  static async open(options: StoreOptions): Promise<MessageStore> {
    const { directory, logger, clock } = options;
    const lock = lockStore(directory);
    try {
      const delayLevelsMs = options.delayLevelsMs ?? parseDelayLevels(DEFAULT_DELAY_LEVELS);
      const maxBytes = options.maxStoreBytes ?? Number.MAX_SAFE_INTEGER;
      const log = new CommitLog(join(directory, 'commitlog'), options.commitLogFileBytes ?? GIB, maxBytes);
      const queues = new QueueTable(join(directory, 'consumequeue'), options.consumeQueueFileBytes ?? 6_000_000);
      const crashed = existsSync(join(directory, 'abort'));
      const began = clock.now();
      const { records, lastTimestamp, from } = await recover({
        log,
        queues,
        checkpoint: readCheckpoint(directory),
        tagsCodeOf: (record) => entryTagsCode(record, delayLevelsMs),
      });
      if (crashed || records > 0) {
        logger.info(
          `store recovered: ${records} records read from offset ${from} in ${clock.now() - began} ms, end ${log.end}`,
        );
      }
      mkdirSync(join(directory, 'config'), { recursive: true });
      writeFileSync(join(directory, 'abort'), '');
      return new MessageStore(options, { log, queues, lock, delayLevelsMs, lastTimestamp });
    } catch (error) {
      lock.dispose();
      throw error;
    }
  }

  /** Fired within `append`, when the message can be read. */
  get onArrival(): Event<Arrival> {
    return this.#arrivals.event;
  }

  /** Since it was opened. */
  get appendedRecords(): number {
    return this.#appendedRecords;
  }

  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  get minPhysicalOffset(): number {
    return this.#log.start;
  }

  get maxPhysicalOffset(): number {
    return this.#log.end;
  }

  /**
   * When it returns, the message survives the end of the process, is readable and has its queue offset; whether it
   * survives the end of the machine `flushed` tells.
   * @throws CodedError `store-full`, `properties-too-large`, `body-too-large`
   */
  append(message: MessageToStore): StoredAt {
    const storeTimestamp = this.#nextTimestamp();
    const queue = hasQueueEntry(message.sysFlag) ? this.#queues.obtain(message.topic, message.queueId) : undefined;
    const record = { ...message, storeTimestamp, queueOffset: queue?.max ?? 0 };
    const [place] = this.#log.append([record]);
    return this.#publish(record, queue, place);
  }

  /** Stores all or none, as `append` does one. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    const storeTimestamp = this.#nextTimestamp();
    const added = new Map<ConsumeQueue, number>();
    const records = messages.map((message) => {
      if (!hasQueueEntry(message.sysFlag)) return { ...message, storeTimestamp, queueOffset: 0 };
      const queue = this.#queues.obtain(message.topic, message.queueId);
      const before = added.get(queue) ?? 0;
      added.set(queue, before + 1);
      return { ...message, storeTimestamp, queueOffset: queue.max + before };
    });
    const places = this.#log.append(records);
    return records.map((record, index) => {
      const queue = hasQueueEntry(record.sysFlag) ? this.#queues.obtain(record.topic, record.queueId) : undefined;
      return this.#publish(record, queue, places[index]);
    });
  }

  #nextTimestamp(): number {
    return Math.max(this.#clock.now(), this.#lastTimestamp);
  }

  /** Makes a record that is in the log visible to readers. */
  #publish(record: RecordParts, queue: ConsumeQueue | undefined, place: PlacedRecord | undefined): StoredAt {
    if (place === undefined) throw new RangeError('every record has a place');
    const { topic, queueId, queueOffset, properties, storeTimestamp } = record;
    const { physicalOffset, sizeBytes } = place;
    this.#lastTimestamp = storeTimestamp;
    this.#appendedRecords += 1;
    this.#appendedBytes += sizeBytes;
    this.#flusher.dirty();
    if (queue !== undefined) {
      const tagsCode = entryTagsCode(record, this.#delayLevelsMs);
      queue.put(queueOffset, { physicalOffset, sizeBytes, tagsCode });
      this.#arrivals.fire({ topic, queueId, offset: queueOffset, tagsCode, properties });
    }
    return { physicalOffset, queueOffset, sizeBytes, storeTimestamp };
  }

  /**
   * What SYNC_FLUSH promises: resolves when everything appended so far is on disk, false when that took longer than
   * 5 s. Under ASYNC_FLUSH there is nothing to wait for: true at once.
   */
  flushed(): true | Promise<boolean> {
    return this.#flusher.flushed();
  }

  minOffset(topic: string, queueId: number): number {
    return this.#queues.find(topic, queueId)?.min ?? 0;
  }

  maxOffset(topic: string, queueId: number): number {
    return this.#queues.find(topic, queueId)?.max ?? 0;
  }

  hasQueue(topic: string, queueId: number): boolean {
    return this.#queues.find(topic, queueId) !== undefined;
  }

  *queues(): Iterable<{ readonly topic: string; readonly queueId: number }> {
    for (const { topic, queueId } of this.#queues.all()) yield { topic, queueId };
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return readQueue(this.#log, this.#queues.find(request.topic, request.queueId), request);
  }

  async entry(topic: string, queueId: number, offset: number): Promise<QueueEntry | undefined> {
    return await this.#queues.find(topic, queueId)?.entry(offset);
  }

  /** The record that begins at a commit-log offset; undefined when none does. */
  record(physicalOffset: number): Promise<Buffer | undefined> {
    return this.#log.record(physicalOffset);
  }

  /**
   * `lower`: first offset whose message was stored at or after `timestamp`, the end if none was. `upper`: last offset
   * stored at or before it. An empty queue gives 0. Source: broker sheet §15.
   */
  offsetByTime(topic: string, queueId: number, timestamp: number, boundary: 'lower' | 'upper'): Promise<number> {
    return offsetByTime(this.#log, this.#queues.find(topic, queueId), timestamp, boundary);
  }

  /** Removes the queues, for good when it resolves; the messages stay in the log until it is cleaned. */
  async deleteTopic(topic: string): Promise<void> {
    this.#queues.deleteTopic(topic);
    await this.#flusher.checkpointNow();
  }

  /** Everything is on disk afterwards, and another process may open the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#flusher.close();
      rmSync(join(this.directory, 'abort'), { force: true });
    } finally {
      this.#arrivals.dispose();
      this.#log.files.release();
      this.#queues.release();
      this.#lock.dispose();
    }
  }
}

interface StoreParts {
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly lock: Disposable;
  readonly delayLevelsMs: readonly number[];
  readonly lastTimestamp: number;
}
