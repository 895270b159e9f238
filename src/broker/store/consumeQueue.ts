import { readInt64, writeInt64 } from '../../protocol/message.ts';
import { FileSeries } from './fileSeries.ts';

/* entry = commit-log offset 8 | record size 4 | tags code 8. Source: ConsumeQueue.java; remoting sheet §4.8. */
export const ENTRY_BYTES = 20;

/** Fills the front of a queue whose first message is not number 0. */
const PADDING_SIZE = 0x7fffffff;
const MAX_TAIL_ENTRIES = 2048;
const MIN_TAIL_ENTRIES = 16;

export interface QueueEntry {
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly tagsCode: number;
}

/**
 * Where the messages of one queue lie. New entries stay in memory until `flush`; the commit log holds all that is
 * needed to make them again.
 */
export class ConsumeQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly files: FileSeries;
  /** Messages that wait to be written: they have the offsets from `max` on. */
  waiting = 0;
  #min = 0;
  #max = 0;
  #tail = Buffer.allocUnsafe(MIN_TAIL_ENTRIES * ENTRY_BYTES);
  /** Queue offset of the first entry in `#tail`. */
  #tailStart = 0;
  /** Entries before it are in the files. */
  #flushed = 0;

  constructor(topic: string, queueId: number, directory: string, fileBytes: number) {
    this.topic = topic;
    this.queueId = queueId;
    this.files = new FileSeries(directory, fileBytes);
  }

  /** Offset of the oldest message. */
  get min(): number {
    return this.#min;
  }

  /** Offset that the next message gets. */
  get max(): number {
    return this.#max;
  }

  get unflushed(): number {
    return this.#max - this.#flushed;
  }

  /** Finds the ends in the files. Entries of records that begin before `logStart` are gone, those from `logEnd` on never were. */
  async load(logStart: number, logEnd: number): Promise<void> {
    const { start, end } = this.files;
    if (start === undefined || end === undefined) return;
    const first = start / ENTRY_BYTES;
    const max = await this.#firstWhere(
      first,
      end / ENTRY_BYTES,
      (entry) => entry.sizeBytes === 0 || entry.physicalOffset >= logEnd,
    );
    if (max < end / ENTRY_BYTES) this.files.truncate(max * ENTRY_BYTES);
    this.#max = max;
    this.#min = await this.#firstWhere(
      first,
      max,
      (entry) => entry.sizeBytes !== PADDING_SIZE && entry.physicalOffset >= logStart,
    );
    this.#flushed = max;
    this.#tailStart = max;
  }

  /** The next entry; for a queue without any, `offset` may be past 0 and the front is padded. */
  put(offset: number, entry: QueueEntry): void {
    if (offset !== this.#max) this.#startAt(offset);
    this.#reserve();
    const at = (this.#max - this.#tailStart) * ENTRY_BYTES;
    writeInt64(this.#tail, entry.physicalOffset, at);
    this.#tail.writeInt32BE(entry.sizeBytes, at + 8);
    writeInt64(this.#tail, entry.tagsCode, at + 12);
    this.#max += 1;
  }

  /** Up to `count` entries from `offset` on, as bytes; from memory at once, else from the file they are in. */
  entries(offset: number, count: number): Buffer | Promise<Buffer> {
    const wanted = Math.min(count, this.#max - offset);
    if (wanted <= 0 || offset < this.#min) return Buffer.alloc(0);
    if (offset >= this.#tailStart) {
      const at = (offset - this.#tailStart) * ENTRY_BYTES;
      return Buffer.from(this.#tail.subarray(at, at + wanted * ENTRY_BYTES));
    }
    return this.#readFiles(offset, Math.min(wanted, this.#flushed - offset));
  }

  /** Handles are not kept: there may be thousands of queues, and who reads the newest reads no file. */
  async #readFiles(offset: number, count: number): Promise<Buffer> {
    const bytes = await this.files.read(offset * ENTRY_BYTES, count * ENTRY_BYTES);
    this.files.release();
    return bytes.subarray(0, bytes.length - (bytes.length % ENTRY_BYTES));
  }

  async entry(offset: number): Promise<QueueEntry | undefined> {
    const bytes = await this.entries(offset, 1);
    return bytes.length === 0 ? undefined : entryAt(bytes, 0);
  }

  /** Moves the entries that are only in memory into the files. */
  flush(): void {
    const perFile = this.files.fileBytes / ENTRY_BYTES;
    while (this.#flushed < this.#max) {
      const to = Math.min(this.#max, this.#flushed - (this.#flushed % perFile) + perFile);
      const at = (this.#flushed - this.#tailStart) * ENTRY_BYTES;
      this.files.write(this.#flushed * ENTRY_BYTES, this.#tail, at, at + (to - this.#flushed) * ENTRY_BYTES);
      this.#flushed = to;
    }
  }

  /** Frees what an idle queue holds. */
  release(): void {
    this.flush();
    this.files.release();
  }

  /** First offset in [low, high) whose entry meets a condition that holds from some offset on; `high` if none. */
  async #firstWhere(low: number, high: number, holds: (entry: QueueEntry) => boolean): Promise<number> {
    let [from, to] = [low, high];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const bytes = await this.files.read(middle * ENTRY_BYTES, ENTRY_BYTES);
      if (holds(entryAt(bytes, 0))) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  #startAt(offset: number): void {
    const perFile = this.files.fileBytes / ENTRY_BYTES;
    const fileFirst = offset - (offset % perFile);
    const from = Math.max(fileFirst, this.#max);
    this.flush();
    const padding = Buffer.alloc((offset - from) * ENTRY_BYTES);
    for (let at = 0; at < padding.length; at += ENTRY_BYTES) padding.writeInt32BE(PADDING_SIZE, at + 8);
    if (padding.length > 0) this.files.write(from * ENTRY_BYTES, padding);
    if (this.#min === this.#max) this.#min = offset;
    this.#max = this.#flushed = this.#tailStart = offset;
  }

  #reserve(): void {
    const held = this.#max - this.#tailStart;
    if ((held + 1) * ENTRY_BYTES <= this.#tail.length) return;
    if (held < MAX_TAIL_ENTRIES || !this.#tryFlush()) {
      const larger = Buffer.allocUnsafe(this.#tail.length * 2);
      this.#tail.copy(larger);
      this.#tail = larger;
      return;
    }
    const kept = MAX_TAIL_ENTRIES / 2;
    this.#tail.copyWithin(0, (held - kept) * ENTRY_BYTES, held * ENTRY_BYTES);
    this.#tailStart = this.#max - kept;
  }

  /** The record is in the log already, so `put` must not fail: the entries wait in memory for the checkpoint, which tells. */
  #tryFlush(): boolean {
    try {
      this.flush();
      return true;
    } catch {
      return false;
    }
  }
}

export function entryAt(bytes: Buffer, at: number): QueueEntry {
  return {
    physicalOffset: readInt64(bytes, at),
    sizeBytes: bytes.readInt32BE(at + 8),
    tagsCode: readInt64(bytes, at + 12),
  };
}

export function isPadding(entry: QueueEntry): boolean {
  return entry.sizeBytes === PADDING_SIZE;
}
