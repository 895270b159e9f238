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

/** No more waits for a disk that is busy: then everybody does. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Messages become records of the log and entries of queues and index, one at once or those of one turn together. */
export class MessageWriter {
  readonly arrivals = new Emitter<Arrival>();
  readonly #clock: Clock;
  readonly #log: CommitLog;
  readonly #queues: QueueTable;
  readonly #index: KeyIndex | undefined;
  readonly #flusher: Pick<Flusher, 'dirty' | 'isSyncing'>;
  readonly #delayLevelsMs: readonly number[];
  #staged: Batch = { records: [], callbacks: [] };
  /** What is being written without holding up the event loop, when nobody wrote it in between. */
  #flight: Batch | undefined;
  /** Until the write is over, whoever was first. */
  #flying: Promise<Failure | undefined> | undefined;
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
      forgetPlaces([record]);
      throw error;
    }
    this.#publish([record]);
    return record;
  }

  /** See MessageStore.appendAll. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.writeStaged();
    const records = this.#placeAll(messages);
    try {
      this.#log.write();
    } catch (error) {
      forgetPlaces(records);
      throw error;
    }
    this.#publish(records);
    return records;
  }

  /** See MessageStore.stage. */
  stage(message: MessageToStore): StoredAt {
    this.#makeRoom();
    const record = this.#place(message);
    this.#awaited().push(record);
    return record;
  }

  /** See MessageStore.stageAll. */
  stageAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.#makeRoom();
    const records = this.#placeAll(messages);
    const awaited = this.#awaited();
    for (const record of records) awaited.push(record);
    return records;
  }

  /** Something is staged. */
  get isWriting(): boolean {
    return this.#staged.records.length > 0 || this.#flight !== undefined;
  }

  /** See MessageStore.whenWritten. */
  whenWritten(callback: (error: unknown) => void): void {
    if (this.#staged.records.length > 0) this.#staged.callbacks.push(callback);
    else if (this.#flight !== undefined) this.#flight.callbacks.push(callback);
    else callback(undefined);
  }

  /** Does not wait for the end of the turn. Where it fails, those that wait for it are told. */
  readonly writeStaged = (): void => {
    if (!this.isWriting) return;
    const batch = this.#takeAll();
    try {
      this.#log.write();
    } catch (error) {
      refuse(batch, error);
      return;
    }
    this.#confirm(batch);
  };

  /** Nothing is being written beside the event loop when it resolves. */
  async settled(): Promise<void> {
    while (this.#flying !== undefined) await this.#flying;
  }

  /** Where records wait for the end of the turn. */
  #awaited(): PlacedRecord[] {
    const { records } = this.#staged;
    if (records.length === 0) setImmediate(this.#endTurn);
    return records;
  }

  #makeRoom(): void {
    if (this.#log.reserved - this.#log.end > MAX_WAITING_BYTES) this.writeStaged();
  }

  /** While something is brought to disk, writing waits for the disk: then it must not be the event loop that writes. */
  readonly #endTurn = (): void => {
    if (this.#staged.records.length === 0 || this.#flying !== undefined) return;
    if (!this.#flusher.isSyncing) {
      this.writeStaged();
      return;
    }
    const flight = (this.#flight = this.#staged);
    this.#staged = { records: [], callbacks: [] };
    this.#flying = this.#log.writeLater().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    void this.#flying.then((failure) => this.#landed(flight, failure));
  };

  #landed(flight: Batch, failure: Failure | undefined): void {
    this.#flying = undefined;
    try {
      if (this.#flight !== flight) return;
      // What was staged since has its places behind it: it goes with it.
      if (failure !== undefined) refuse(this.#takeAll(), failure.error);
      else {
        this.#flight = undefined;
        this.#confirm(flight);
      }
    } finally {
      this.#endTurn();
    }
  }

  #takeAll(): Batch {
    const staged = this.#staged;
    const flight = this.#flight;
    this.#staged = { records: [], callbacks: [] };
    this.#flight = undefined;
    if (flight === undefined) return staged;
    const records = [...flight.records, ...staged.records];
    return { records, callbacks: [...flight.callbacks, ...staged.callbacks] };
  }

  #confirm({ records, callbacks }: Batch): void {
    try {
      this.#publish(records);
    } finally {
      for (const callback of callbacks) callback(undefined);
    }
  }

  /** All or none. */
  #placeAll(messages: readonly MessageToStore[]): PlacedRecord[] {
    const begin = this.#log.reserved;
    const records: PlacedRecord[] = [];
    try {
      for (const message of messages) records.push(this.#place(message));
    } catch (error) {
      forgetPlaces(records);
      this.#log.rewind(begin);
      throw error;
    }
    return records;
  }

  /** Gives a message its place in the log and in its queue, and puts the record there. */
  #place(message: MessageToStore): PlacedRecord {
    const size = measureMessage(message);
    const { topic, queueId, properties, sysFlag } = message;
    const { sizeBytes } = size;
    const { physicalOffset, bytes, at } = this.#log.reserve(sizeBytes);
    try {
      const storeTimestamp = Math.max(this.#clock.now(), this.#lastTimestamp);
      // Its files may be looked at here for the first time, and that may fail.
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
      writeMessage(message, record, size, bytes, at);
      if (queue !== undefined) queue.waiting += 1;
      this.#lastTimestamp = storeTimestamp;
      return record;
    } catch (error) {
      this.#log.rewind(physicalOffset);
      throw error;
    }
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
      queue.waiting -= 1;
      this.#queues.put(queue, queueOffset, { physicalOffset, sizeBytes, tagsCode });
      arrivals.push({ topic, queueId, offset: queueOffset, tagsCode, properties });
    }
    for (const arrival of arrivals) this.arrivals.fire(arrival);
  }
}

function refuse({ records, callbacks }: Batch, error: unknown): void {
  forgetPlaces(records);
  for (const callback of callbacks) callback(error);
}

function forgetPlaces(records: readonly PlacedRecord[]): void {
  for (const { queue } of records) if (queue !== undefined) queue.waiting -= 1;
}

/** Written together, or not at all. */
interface Batch {
  readonly records: PlacedRecord[];
  readonly callbacks: ((error: unknown) => void)[];
}

interface Failure {
  readonly error: unknown;
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
  readonly flusher: Pick<Flusher, 'dirty' | 'isSyncing'>;
  readonly delayLevelsMs: readonly number[];
  /** Store time of the newest record. */
  readonly lastTimestamp: number;
}
