import { ENTRY_BYTES, entryAt, isPadding, paddingEntries, writeEntry } from './queueEntry.ts';
import type { QueueEntry } from './queueEntry.ts';
import type { EntryPieces } from './entryPieces.ts';
import { FileSeries } from './fileSeries.ts';
import { firstWhereLater } from './firstWhere.ts';
import { findEnds } from './queueEnds.ts';
import type { LogBounds } from './queueEnds.ts';

const MAX_TAIL_ENTRIES = 2048;
/** Of tens of thousands of queues most have few messages. */
const MIN_TAIL_ENTRIES = 4;
const EMPTY = Buffer.alloc(0);

interface QueueOptions {
  readonly directory: string;
  readonly fileBytes: number;
  readonly bounds: LogBounds;
  /** Of all queues of the store. */
  readonly pieces: EntryPieces;
}

/**
 * Where the messages of one queue lie. New entries stay in memory until `flush`; the commit log holds all that is
 * needed to make them again. The files are looked at when the queue is first used: there may be thousands.
 */
export class ConsumeQueue {
  readonly topic: string;
  readonly queueId: number;
  readonly #bounds: LogBounds;
  readonly #directory: string;
  readonly #fileBytes: number;
  readonly #pieces: EntryPieces;
  #series: FileSeries | undefined;
  /** Messages that wait to be written: they have the offsets from `max` on. */
  waiting = 0;
  #min = 0;
  #max = 0;
  #tail = EMPTY;
  /** Queue offset of the first entry in `#tail`. */
  #tailStart = 0;
  /** Entries before it are in the files. */
  #flushed = 0;
  #isRemoved = false;

  constructor(topic: string, queueId: number, options: QueueOptions) {
    this.topic = topic;
    this.queueId = queueId;
    this.#directory = options.directory;
    this.#fileBytes = options.fileBytes;
    this.#bounds = options.bounds;
    this.#pieces = options.pieces;
  }

  /** Offset of the oldest message. */
  get min(): number {
    if (this.#series === undefined) this.#load();
    return this.#min;
  }

  /** Offset that the next message gets. */
  get max(): number {
    if (this.#series === undefined) this.#load();
    return this.#max;
  }

  /** Something is not on disk yet. */
  get isDirty(): boolean {
    return !this.#isRemoved && (this.#max > this.#flushed || this.#series?.hasUnsynced === true);
  }

  #load(): FileSeries {
    const files = new FileSeries(this.#directory, this.#fileBytes, this.#bounds.crashed);
    try {
      const { min, max } = findEnds(files, this.#bounds);
      this.#min = min;
      this.#max = this.#flushed = this.#tailStart = max;
    } finally {
      files.release();
    }
    // Not before: where that fails, the queue is looked at again.
    this.#series = files;
    return files;
  }

  get #files(): FileSeries {
    return this.#series ?? this.#load();
  }

  /** False when a file was cut, which no crash does to what a checkpoint calls safe. */
  get isWhole(): boolean {
    const files = this.#files;
    if (files.wasCut) return false;
    const lasts = files.starts.slice(0, -1).map((start) => start + files.fileBytes - ENTRY_BYTES);
    const isWhole = lasts.every((position) => entryAt(files.readSync(position, ENTRY_BYTES), 0).sizeBytes !== 0);
    files.release();
    return isWhole;
  }

  /** Where the record of the last entry ends; 0 without one. */
  get recordsEnd(): number {
    if (this.max === this.min) return 0;
    const last = entryAt(this.#files.readSync((this.#max - 1) * ENTRY_BYTES, ENTRY_BYTES), 0);
    this.#files.release();
    return last.physicalOffset + last.sizeBytes;
  }

  /** The next entry; for a queue without any, `offset` may be past 0 and the front is padded. */
  put(offset: number, entry: QueueEntry): void {
    if (this.#series === undefined) this.#load();
    if (offset !== this.#max) this.#startAt(offset);
    this.#reserve();
    const at = (this.#max - this.#tailStart) * ENTRY_BYTES;
    writeEntry(entry, this.#tail, at);
    this.#max += 1;
  }

  /** Up to `count` entries from `offset` on, as bytes; from memory at once, else from the file they are in. */
  entries(offset: number, count: number): Buffer | Promise<Buffer> {
    const wanted = Math.min(count, this.max - offset);
    if (wanted <= 0 || offset < this.#min) return Buffer.alloc(0);
    if (offset >= this.#tailStart) {
      const at = (offset - this.#tailStart) * ENTRY_BYTES;
      return Buffer.from(this.#tail.subarray(at, at + wanted * ENTRY_BYTES));
    }
    const inFiles = Math.min(wanted, this.#flushed - offset);
    return this.#pieces.find(this, offset, inFiles) ?? this.#readPiece(offset, inFiles);
  }

  async #readPiece(offset: number, count: number): Promise<Buffer> {
    const bytes = await this.#readFiles(offset, Math.min(count * 2, this.#flushed - offset));
    if (count > 1 && !this.#isRemoved) this.#pieces.keep(this, offset, bytes);
    return bytes.subarray(0, count * ENTRY_BYTES);
  }

  /** Handles are not kept: there may be thousands of queues, and who reads the newest reads no file. */
  async #readFiles(offset: number, count: number): Promise<Buffer> {
    const bytes = await this.#files.read(offset * ENTRY_BYTES, count * ENTRY_BYTES);
    this.#files.release();
    return bytes.subarray(0, bytes.length - (bytes.length % ENTRY_BYTES));
  }

  async entry(offset: number): Promise<QueueEntry | undefined> {
    const bytes = await this.entries(offset, 1);
    return bytes.length === 0 ? undefined : entryAt(bytes, 0);
  }

  /** Its folder went, or is going. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** The file that `flush` writes to is there afterwards, see `FileSeries.make`. */
  async makeFile(): Promise<void> {
    if (this.#flushed < this.#max && !this.#isRemoved) await this.#files.make(this.#flushed * ENTRY_BYTES);
  }

  /** Moves the entries that are only in memory into the files. */
  flush(): void {
    if (this.#flushed === this.#max || this.#isRemoved) return;
    const perFile = this.#files.fileBytes / ENTRY_BYTES;
    while (this.#flushed < this.#max) {
      const to = Math.min(this.#max, this.#flushed - (this.#flushed % perFile) + perFile);
      const at = (this.#flushed - this.#tailStart) * ENTRY_BYTES;
      this.#files.write(this.#flushed * ENTRY_BYTES, this.#tail, at, at + (to - this.#flushed) * ENTRY_BYTES);
      this.#flushed = to;
    }
  }

  /** Entries before it are in the files. */
  get flushed(): number {
    return this.#flushed;
  }

  /** As `flush`, beside the event loop, and no further than the next file begins. */
  async flushLater(): Promise<void> {
    // Another may have its name by now, and its files.
    if (this.#isRemoved) return;
    const from = this.#flushed;
    const perFile = this.#files.fileBytes / ENTRY_BYTES;
    const to = Math.min(this.#max, from - (from % perFile) + perFile);
    // A copy: the tail may move meanwhile.
    const at = (from - this.#tailStart) * ENTRY_BYTES;
    const bytes = Buffer.from(this.#tail.subarray(at, at + (to - from) * ENTRY_BYTES));
    await this.#files.writeLater(from * ENTRY_BYTES, bytes);
    this.#flushed = Math.max(this.#flushed, to);
  }

  /** What is in the files is on disk when it resolves. */
  async sync(): Promise<void> {
    await this.#series?.sync();
    this.#series?.release();
  }

  /** Frees what an idle queue holds. */
  release(): void {
    this.flush();
    this.#series?.release();
  }

  /** After the log lost its front: `min` rises, and files wholly before it are removed. */
  async followLog(): Promise<void> {
    const files = this.#files;
    const isGone = async (offset: number): Promise<boolean> => {
      const entry = await this.entry(offset);
      return entry !== undefined && (isPadding(entry) || entry.physicalOffset < this.#bounds.logStart);
    };
    if (this.#min === this.#max || !(await isGone(this.#min))) return;
    const isThere = async (offset: number): Promise<boolean> => !(await isGone(offset));
    this.#min = Math.max(this.#min, await firstWhereLater(this.#min + 1, this.#max, isThere));
    const perFile = files.fileBytes / ENTRY_BYTES;
    const keeps = Math.min(this.#min, this.#flushed - 1);
    for (let start = files.start; start !== undefined; start = files.start) {
      if (start / ENTRY_BYTES + perFile > keeps) break;
      await files.removeFirst();
    }
  }

  /** Where the newest record lies that was ever in the queue; -1 for an empty one. */
  async lastPhysicalOffset(): Promise<number> {
    const last = this.max - 1;
    if (last < 0) return -1;
    const isHeld = last >= this.#tailStart;
    const bytes = isHeld ? this.#tail.subarray((last - this.#tailStart) * ENTRY_BYTES) : await this.#readFiles(last, 1);
    return bytes.length === 0 ? -1 : entryAt(bytes, 0).physicalOffset;
  }

  /** A file of it is being made; it never rejects. */
  get making(): Promise<void> | undefined {
    return this.#series?.making;
  }

  /** Its folder goes: nothing is written there any more. No file of it may be being made. */
  remove(): void {
    this.#isRemoved = true;
    this.#pieces.forget(this);
    this.#series?.abandon();
  }

  #startAt(offset: number): void {
    const perFile = this.#files.fileBytes / ENTRY_BYTES;
    const fileFirst = offset - (offset % perFile);
    const from = Math.max(fileFirst, this.#max);
    this.flush();
    if (offset > from) this.#files.write(from * ENTRY_BYTES, paddingEntries(offset - from));
    if (this.#min === this.#max) this.#min = offset;
    this.#max = this.#flushed = this.#tailStart = offset;
  }

  #reserve(): void {
    const held = this.#max - this.#tailStart;
    if ((held + 1) * ENTRY_BYTES <= this.#tail.length) return;
    if (held < MAX_TAIL_ENTRIES || !this.#tryFlush()) {
      const larger = Buffer.allocUnsafe(Math.max(this.#tail.length * 2, MIN_TAIL_ENTRIES * ENTRY_BYTES));
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
