import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { DEFAULT_DELAY_LEVELS, parseDelayLevels } from '../../protocol/delayLevel.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { decodeMessage, measureMessage, writeMessage } from '../../protocol/message.ts';
import { readCheckpoint, readIndexFinishedTimestamp, writeCheckpoint } from './checkpoint.ts';
import { CommitLog } from './commitLog.ts';
import { ENTRY_BYTES, entryAt } from './consumeQueue.ts';
import type { ConsumeQueue, QueueEntry } from './consumeQueue.ts';
import { entryTagsCode, hasQueueEntry } from './dispatch.ts';
import { Flusher } from './flusher.ts';
import type { IndexGeometry } from './indexFormat.ts';
import { KeyIndex } from './keyIndex.ts';
import type { KeyQuery } from './keyIndex.ts';
import { queryMessages } from './messageQuery.ts';
import type { QueryResult } from './messageQuery.ts';
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
  /** `flushIntervalCommitLog`, default 500 ms. */
  readonly flushIntervalMs?: number;
  /** `syncFlushTimeout`, default 5 s. */
  readonly syncFlushTimeoutMs?: number;
  /** `maxHashSlotNum` and `maxIndexNum`, default Apache's; null keeps no index (`messageIndexEnable`). */
  readonly index?: IndexGeometry | null;
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

export interface OldFile {
  /** When the file after it begins. */
  readonly endedAtMs: number;
  /** What the log holds, that file included. */
  readonly logBytes: number;
}

interface PlacedRecord extends StoredAt {
  readonly topic: string;
  readonly queueId: number;
  readonly properties: string;
  readonly sysFlag: number;
  /** Undefined for a record that stands in the log only. */
  readonly queue: ConsumeQueue | undefined;
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
const APACHE_INDEX: IndexGeometry = { slots: 5_000_000, entries: 20_000_000 };

/** Messages on disk in the files of Apache RocketMQ. Source: DefaultMessageStore.java. */
export class MessageStore {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #log: CommitLog;
  readonly #queues: QueueTable;
  readonly #index: KeyIndex | undefined;
  readonly #flusher: Flusher;
  readonly #lock: Disposable;
  readonly #delayLevelsMs: readonly number[];
  readonly #arrivals = new Emitter<Arrival>();
  #staged: PlacedRecord[] = [];
  #afterWrite: ((error: unknown) => void)[] = [];
  #removing: Promise<unknown> = Promise.resolve();
  #lastTimestamp: number;
  #appendedRecords = 0;
  #appendedBytes = 0;
  #closed = false;

  private constructor(options: StoreOptions, parts: StoreParts) {
    this.directory = options.directory;
    this.#clock = options.clock;
    this.#log = parts.log;
    this.#queues = parts.queues;
    this.#index = parts.index;
    this.#lock = parts.lock;
    this.#delayLevelsMs = parts.delayLevelsMs;
    this.#lastTimestamp = parts.lastTimestamp;
    this.#flusher = new Flusher({
      clock: options.clock,
      logger: options.logger,
      log: parts.log,
      queues: parts.queues,
      index: parts.index,
      flushIntervalMs: options.flushIntervalMs ?? 500,
      syncTimeoutMs: options.syncFlushTimeoutMs ?? 5000,
      syncEach: options.flushDiskType === 'SYNC_FLUSH',
      saveCheckpoint: (mark) =>
        writeCheckpoint(
          options.directory,
          { ...mark, storeTimestamp: this.#lastTimestamp },
          parts.index?.finishedTimestamp ?? 0,
        ),
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
      const crashed = existsSync(join(directory, 'abort'));
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
      });
      if (crashed || records > 0) {
        logger.info(
          `store recovered: ${records} records read from offset ${from} in ${clock.now() - began} ms, end ${log.end}`,
        );
      }
      mkdirSync(join(directory, 'config'), { recursive: true });
      writeFileSync(join(directory, 'abort'), '');
      return new MessageStore(options, { log, queues, index, lock, delayLevelsMs, lastTimestamp });
    } catch (error) {
      lock.dispose();
      throw error;
    }
  }

  /** Fired when the message can be read. */
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
    this.#writeStaged();
    const record = this.#place(message);
    try {
      this.#log.write();
    } catch (error) {
      if (record.queue !== undefined) record.queue.waiting = 0;
      throw error;
    }
    this.#publish([record]);
    return record;
  }

  /** Stores all or none, as `append` does one. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.#writeStaged();
    const begin = this.#log.end;
    const records: PlacedRecord[] = [];
    try {
      for (const message of messages) records.push(this.#place(message));
      this.#log.write();
    } catch (error) {
      for (const { queue } of records) if (queue !== undefined) queue.waiting = 0;
      this.#log.rewind(begin);
      throw error;
    }
    this.#publish(records);
    return records;
  }

  /**
   * As `append`, but all that is staged within one turn of the event loop is written together at its end, and is read
   * from then on: an answer that tells of it must wait for `whenWritten`. Under SYNC_FLUSH it is written at once, since
   * the disk costs more.
   */
  stage(message: MessageToStore): StoredAt {
    if (this.#flusher.flushesEach) return this.append(message);
    const record = this.#place(message);
    if (this.#staged.length === 0) setImmediate(this.#writeStaged);
    this.#staged.push(record);
    return record;
  }

  /** Something is staged. */
  get isWriting(): boolean {
    return this.#staged.length > 0;
  }

  /** Calls once, when what is staged now is in the files, or with the error for which none of it is. */
  whenWritten(callback: (error: unknown) => void): void {
    if (this.isWriting) this.#afterWrite.push(callback);
    else callback(undefined);
  }

  readonly #writeStaged = (): void => {
    if (this.#staged.length === 0) return;
    const staged = this.#staged;
    const callbacks = this.#afterWrite;
    this.#staged = [];
    this.#afterWrite = [];
    try {
      this.#log.write();
    } catch (error) {
      for (const { queue } of staged) if (queue !== undefined) queue.waiting = 0;
      for (const callback of callbacks) callback(error);
      return;
    }
    this.#publish(staged);
    for (const callback of callbacks) callback(undefined);
  };

  /** Gives a message its place in the log and in its queue, and puts the record there. */
  #place(message: MessageToStore): PlacedRecord {
    const size = measureMessage(message);
    if (!this.#log.joins(size.sizeBytes)) {
      if (this.isWriting) this.#writeStaged();
      else this.#log.write();
    }
    const { topic, queueId, properties, sysFlag } = message;
    const { sizeBytes } = size;
    const { physicalOffset, bytes, at } = this.#log.reserve(sizeBytes);
    const storeTimestamp = Math.max(this.#clock.now(), this.#lastTimestamp);
    const queue = hasQueueEntry(message.sysFlag) ? this.#queues.obtain(topic, queueId) : undefined;
    const queueOffset = queue === undefined ? 0 : queue.max + queue.waiting;
    const record = {
      topic,
      queueId,
      queueOffset,
      physicalOffset,
      sizeBytes,
      storeTimestamp,
      properties,
      sysFlag,
      queue,
    };
    try {
      writeMessage(message, record, size, bytes, at);
    } catch (error) {
      this.#log.rewind(physicalOffset);
      throw error;
    }
    if (queue !== undefined) queue.waiting += 1;
    this.#lastTimestamp = storeTimestamp;
    return record;
  }

  /** Makes records that are in the log visible to readers, all of them before any reader is told. */
  #publish(records: readonly PlacedRecord[]): void {
    this.#flusher.dirty();
    const arrivals: Arrival[] = [];
    this.#appendedRecords += records.length;
    for (const record of records) {
      const { topic, queueId, queueOffset, physicalOffset, sizeBytes, properties, queue } = record;
      this.#appendedBytes += sizeBytes;
      this.#index?.put(record, physicalOffset);
      if (queue === undefined) continue;
      const tagsCode = entryTagsCode(record, this.#delayLevelsMs);
      queue.waiting = 0;
      this.#queues.put(queue, queueOffset, { physicalOffset, sizeBytes, tagsCode });
      arrivals.push({ topic, queueId, offset: queueOffset, tagsCode, properties });
    }
    for (const arrival of arrivals) this.#arrivals.fire(arrival);
  }

  /**
   * What SYNC_FLUSH promises: resolves when everything appended so far is on disk, false when that took longer than
   * `syncFlushTimeout`. Under ASYNC_FLUSH there is nothing to wait for: true at once.
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

  /** Bytes of the log that are known to be records; undefined when they are not all there any more. */
  bytes(physicalOffset: number, sizeBytes: number): Buffer | Promise<Buffer | undefined> {
    return this.#log.read(physicalOffset, sizeBytes);
  }

  /** Up to `count` entries of a queue from an offset on. */
  async entries(topic: string, queueId: number, offset: number, count: number): Promise<QueueEntry[]> {
    const queue = this.#queues.find(topic, queueId);
    const found: QueueEntry[] = [];
    while (queue !== undefined && found.length < count) {
      const bytes = await queue.entries(offset + found.length, count - found.length);
      if (bytes.length === 0) break;
      for (let at = 0; at < bytes.length; at += ENTRY_BYTES) found.push(entryAt(bytes, at));
    }
    return found;
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

  /** The newest messages of a key, in the order of the log. */
  query(query: KeyQuery, maxMessages: number): Promise<QueryResult> {
    return queryMessages(this.#log, this.#index, query, maxMessages);
  }

  /** Set, every append fails with `store-full`. */
  get isDiskFull(): boolean {
    return this.#log.isDiskFull;
  }

  set isDiskFull(isFull: boolean) {
    this.#log.isDiskFull = isFull;
  }

  /**
   * Removes the oldest files of the log while they are expired; queues and index follow. The newest file stays.
   * @returns how many
   */
  removeOldFiles(maxFiles: number, isExpired: (file: OldFile) => boolean): Promise<number> {
    return this.#inTurn(() => this.#removeOldFiles(maxFiles, isExpired));
  }

  async #removeOldFiles(maxFiles: number, isExpired: (file: OldFile) => boolean): Promise<number> {
    let removed = 0;
    for (; removed < maxFiles; removed += 1) {
      const next = this.#log.files.starts[1];
      if (next === undefined || next >= this.#log.end) break;
      const record = await this.#log.record(next);
      const endedAtMs = record === undefined ? 0 : decodeMessage(record).storeTimestamp;
      if (!isExpired({ endedAtMs, logBytes: this.#log.end - this.#log.start })) break;
      await this.#log.files.removeFirst();
    }
    if (removed === 0) return 0;
    await this.#queues.followLog(this.#log.start);
    await this.#index?.removeBefore(this.#log.start);
    await this.#flusher.checkpointNow();
    return removed;
  }

  /** Removes queues without a message in the log; they begin at 0 when they are used again. @returns how many */
  removeExpiredQueues(isWanted: (topic: string) => boolean): Promise<number> {
    return this.#inTurn(() => this.#removeExpiredQueues(isWanted));
  }

  async #removeExpiredQueues(isWanted: (topic: string) => boolean): Promise<number> {
    this.#writeStaged();
    let removed = 0;
    for (const queue of [...this.#queues.all()]) {
      if (!isWanted(queue.topic)) continue;
      const last = await queue.lastPhysicalOffset();
      if (last < 0 || last >= this.#log.start || queue.waiting > 0) continue;
      await this.#queues.deleteQueue(queue);
      removed += 1;
    }
    await this.#flusher.checkpointNow();
    return removed;
  }

  topicNames(): Iterable<string> {
    return this.#queues.topics();
  }

  /** Removes the queues, for good when it resolves; the messages stay in the log until it is cleaned. */
  deleteTopic(topic: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#writeStaged();
      await this.#queues.deleteTopic(topic);
      await this.#flusher.checkpointNow();
    });
  }

  /** What removes files goes one after the other, and is over before the store closes. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#removing.then(work);
    this.#removing = done.catch(() => undefined);
    return done;
  }

  /** Everything is on disk afterwards, and another process may open the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#removing;
      this.#writeStaged();
      await this.#flusher.close();
      await this.#index?.close();
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
  readonly index: KeyIndex | undefined;
  readonly lock: Disposable;
  readonly delayLevelsMs: readonly number[];
  readonly lastTimestamp: number;
}
