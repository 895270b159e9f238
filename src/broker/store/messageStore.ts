import type { Clock } from '../../base/clock.ts';
import type { Event } from '../../base/emitter.ts';
import { DEFAULT_DELAY_LEVELS, parseDelayLevels } from '../../protocol/delayLevel.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { CommitLog } from './commitLog.ts';
import { ENTRY_BYTES, entryAt } from './queueEntry.ts';
import type { QueueEntry } from './queueEntry.ts';
import { Flusher } from './flusher.ts';
import type { KeyIndex, KeyQuery } from './keyIndex.ts';
import { queryMessages } from './messageQuery.ts';
import type { QueryResult } from './messageQuery.ts';
import { MessageWriter } from './messageWriter.ts';
import { RecordPlaces } from './recordPlaces.ts';
import type { Arrival, LightArrival, MessageToStore, StoredAt } from './messageToStore.ts';
import type { QueueTable } from './queueTable.ts';
import { readQueue } from './readQueue.ts';
import type { ReadRequest, ReadResult } from './readQueue.ts';
import { Replica } from './replica.ts';
import { Removals } from './removals.ts';
import type { OldFile } from './removals.ts';
import { openStoreFiles } from './storeFiles.ts';
import type { StoreFiles, StoreFilesOptions } from './storeFiles.ts';
import { offsetByTime } from './timeIndex.ts';

export interface StoreOptions extends Omit<StoreFilesOptions, 'delayLevelsMs'> {
  /** Of the disk, which nobody moves; default `clock`. */
  readonly steadyClock?: Clock;
  readonly flushDiskType?: 'ASYNC_FLUSH' | 'SYNC_FLUSH';
  /** `flushIntervalCommitLog`, default 500 ms. */
  readonly flushIntervalMs?: number;
  /** `syncFlushTimeout`, default 5 s. */
  readonly syncFlushTimeoutMs?: number;
  /** Delays in ms of levels 1, 2, …; default Apache's eighteen. */
  readonly delayLevelsMs?: readonly number[];
}

/** Messages on disk in the files of Apache RocketMQ. Source: DefaultMessageStore.java. */
export class MessageStore {
  readonly directory: string;
  readonly #files: StoreFiles;
  readonly #log: CommitLog;
  readonly #queues: QueueTable;
  readonly #index: KeyIndex | undefined;
  readonly #flusher: Flusher;
  readonly #places: RecordPlaces;
  readonly #writer: MessageWriter;
  readonly #removals: Removals;
  #closed = false;

  private constructor(options: StoreOptions, files: StoreFiles, delayLevelsMs: readonly number[]) {
    const { directory, clock, logger } = options;
    const { log, queues, index, lastTimestamp } = files;
    const flusher = new Flusher({
      clock: options.steadyClock ?? clock,
      logger,
      log,
      queues,
      index,
      flushIntervalMs: options.flushIntervalMs ?? 500,
      syncTimeoutMs: options.syncFlushTimeoutMs ?? 5000,
      syncEach: options.flushDiskType === 'SYNC_FLUSH',
      written: () => new Promise((resolve) => this.#writer.whenWritten((error) => resolve(error === undefined))),
      saveCheckpoint: (mark) =>
        writeCheckpoint(
          directory,
          { ...mark, storeTimestamp: this.#places.lastTimestamp },
          index?.finishedTimestamp ?? 0,
        ),
    });
    this.directory = directory;
    this.#files = files;
    this.#log = log;
    this.#queues = queues;
    this.#index = index;
    this.#flusher = flusher;
    const hasLightQueues = options.hasLightQueues === true;
    const places = { clock, logger, log, queues, index, flusher, delayLevelsMs, lastTimestamp, hasLightQueues };
    this.#places = new RecordPlaces(places);
    this.#writer = new MessageWriter({ log, places: this.#places, flusher });
    this.#removals = new Removals({ log, queues, index, flusher, writeStaged: this.#writer.writeStaged });
  }

  /**
   * Opens the directory, or makes it, and recovers what a crash left.
   * @throws CodedError `store-locked`, `store-damaged`
   */
  static async open(options: StoreOptions): Promise<MessageStore> {
    const delayLevelsMs = options.delayLevelsMs ?? parseDelayLevels(DEFAULT_DELAY_LEVELS);
    return new MessageStore(options, await openStoreFiles({ ...options, delayLevelsMs }), delayLevelsMs);
  }

  /** Fired when the message can be read. */
  get onArrival(): Event<Arrival> {
    return this.#places.arrivals.event;
  }

  /** Fired when the message of a lite topic can be read from its queue. */
  get onLightArrival(): Event<LightArrival> {
    return this.#places.lightArrivals.event;
  }

  /** Fired when `maxPhysicalOffset` moved. */
  get onGrowth(): Event<undefined> {
    return this.#places.growth.event;
  }

  /** Since it was opened. */
  get appendedRecords(): number {
    return this.#places.publishedRecords;
  }

  get appendedBytes(): number {
    return this.#places.publishedBytes;
  }

  get minPhysicalOffset(): number {
    return this.#log.start;
  }

  get maxPhysicalOffset(): number {
    return this.#log.end;
  }

  /** Behind all that was appended or staged, also what is not in the files yet. */
  get reservedOffset(): number {
    return this.#log.reserved;
  }

  /** The newest record; undefined in an empty log, and where it is not known. */
  async lastRecord(): Promise<{ readonly physicalOffset: number; readonly bytes: Buffer } | undefined> {
    const physicalOffset = this.#log.lastRecordOffset;
    const bytes = physicalOffset < 0 ? undefined : await this.#log.record(physicalOffset);
    return bytes && { physicalOffset, bytes };
  }

  /** From now on the store holds what a master's log holds, and takes nothing else: appends throw `FollowsMaster`. */
  follow(): Replica {
    this.#log.isReplica = true;
    return new Replica(this.#log, this.#places);
  }

  /** Where the file of the log begins that holds an offset. */
  logFileStart(physicalOffset: number): number {
    return this.#log.files.startOf(physicalOffset);
  }

  /** See CommitLog.readRaw. */
  readLog(physicalOffset: number, maxBytes: number): Buffer | Promise<Buffer> {
    return this.#log.readRaw(physicalOffset, maxBytes);
  }

  /**
   * When it returns, the message survives the end of the process, is readable and has its queue offset; whether it
   * survives the end of the machine `flushed` tells.
   * @throws CodedError `store-full`, `properties-too-large`, `body-too-large`
   */
  append(message: MessageToStore): StoredAt {
    return this.#writer.append(message);
  }

  /** Stores all or none, as `append` does one. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    return this.#writer.appendAll(messages);
  }

  /**
   * As `append`, but all that is staged within one turn of the event loop is written together at its end, or when the
   * disk has time for it, and is read from then on: an answer that tells of it must wait for `whenWritten`.
   */
  stage(message: MessageToStore): StoredAt {
    return this.#writer.stage(message);
  }

  /** Stages all or none, as `stage` does one. */
  stageAll(messages: readonly MessageToStore[]): StoredAt[] {
    return this.#writer.stageAll(messages);
  }

  /** Something is staged. */
  get isWriting(): boolean {
    return this.#writer.isWriting;
  }

  /** Calls once, when what is staged now is in the files, or with the error for which none of it is. */
  whenWritten(callback: (error: unknown) => void): void {
    this.#writer.whenWritten(callback);
  }

  /**
   * What SYNC_FLUSH promises: resolves when everything appended or staged so far is on disk, false when it was refused or that took
   * longer than `syncFlushTimeout`. Under ASYNC_FLUSH there is nothing to wait for: true at once.
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
    return this.#removals.removeOldFiles(maxFiles, isExpired);
  }

  /** Removes queues without a message in the log; they begin at 0 when they are used again. @returns how many */
  removeExpiredQueues(isWanted: (topic: string) => boolean): Promise<number> {
    return this.#removals.removeExpiredQueues(isWanted);
  }

  topicNames(): Iterable<string> {
    return this.#queues.topics();
  }

  /** Removes the queues, for good when it resolves; the messages stay in the log until it is cleaned. */
  deleteTopic(topic: string): Promise<void> {
    return this.#removals.deleteTopics([topic], () => true);
  }

  /**
   * The same of many, one after the other.
   * @param mayGo asked when all that came for it can be read; where it says yes the topic goes before anything else comes
   */
  deleteTopics(topics: Iterable<string>, mayGo: (topic: string) => boolean): Promise<void> {
    return this.#removals.deleteTopics(topics, mayGo);
  }

  /** Everything is on disk afterwards, and another process may open the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#removals.settled;
      this.#writer.writeStaged();
      await this.#writer.settled();
      await this.#flusher.close();
      await this.#index?.close();
      this.#files.markClosed();
    } finally {
      this.#places.arrivals.dispose();
      this.#places.lightArrivals.dispose();
      this.#places.growth.dispose();
      this.#files.release();
    }
  }
}
