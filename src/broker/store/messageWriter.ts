import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { measureMessage, writeMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import type { ConsumeQueue } from './consumeQueue.ts';
import { entryTagsCode, hasQueueEntry } from './dispatch.ts';
import type { Flusher } from './flusher.ts';
import type { KeyIndex } from './keyIndex.ts';
import type { QueueTable } from './queueTable.ts';

/** Messages become records of the log and entries of queues and index, one at once or those of one turn together. */
export class MessageWriter {
  readonly arrivals = new Emitter<Arrival>();
  readonly #clock: Clock;
  readonly #log: CommitLog;
  readonly #queues: QueueTable;
  readonly #index: KeyIndex | undefined;
  readonly #flusher: Flusher;
  readonly #delayLevelsMs: readonly number[];
  #staged: PlacedRecord[] = [];
  #afterWrite: ((error: unknown) => void)[] = [];
  #lastTimestamp: number;
  #appendedRecords = 0;
  #appendedBytes = 0;

  constructor(options: MessageWriterOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#queues = options.queues;
    this.#index = options.index;
    this.#flusher = options.flusher;
    this.#delayLevelsMs = options.delayLevelsMs;
    this.#lastTimestamp = options.lastTimestamp;
  }

  /** Store time of the newest record; it never goes back. */
  get lastTimestamp(): number {
    return this.#lastTimestamp;
  }

  get appendedRecords(): number {
    return this.#appendedRecords;
  }

  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** See MessageStore.append. */
  append(message: MessageToStore): StoredAt {
    this.writeStaged();
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

  /** See MessageStore.appendAll. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.writeStaged();
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

  /** See MessageStore.stage. */
  stage(message: MessageToStore): StoredAt {
    if (this.#flusher.flushesEach) return this.append(message);
    const record = this.#place(message);
    if (this.#staged.length === 0) setImmediate(this.writeStaged);
    this.#staged.push(record);
    return record;
  }

  /** Something is staged. */
  get isWriting(): boolean {
    return this.#staged.length > 0;
  }

  /** See MessageStore.whenWritten. */
  whenWritten(callback: (error: unknown) => void): void {
    if (this.isWriting) this.#afterWrite.push(callback);
    else callback(undefined);
  }

  /** Does not wait for the end of the turn. Where it fails, those that wait for it are told. */
  readonly writeStaged = (): void => {
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
      if (this.isWriting) this.writeStaged();
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
    for (const arrival of arrivals) this.arrivals.fire(arrival);
  }
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

interface PlacedRecord extends StoredAt {
  readonly topic: string;
  readonly queueId: number;
  readonly properties: string;
  readonly sysFlag: number;
  /** Undefined for a record that stands in the log only. */
  readonly queue: ConsumeQueue | undefined;
}

interface MessageWriterOptions {
  readonly clock: Clock;
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly index: KeyIndex | undefined;
  readonly flusher: Flusher;
  readonly delayLevelsMs: readonly number[];
  /** Store time of the newest record. */
  readonly lastTimestamp: number;
}
