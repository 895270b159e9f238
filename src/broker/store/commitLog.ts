import { CodedError, systemErrorCode } from '../../base/errors.ts';
import {
  bodyCrcOf,
  decodeMessage,
  MAGIC_BLANK,
  MAGIC_V1,
  MAGIC_V2,
  measureMessage,
  readInt64,
  RecordOffset,
} from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { FileSeries } from './fileSeries.ts';
import { HotTail } from './hotTail.ts';

/** A file ends with at least this much room for a blank record: TOTALSIZE and MAGIC. */
const BLANK_BYTES = 8;
const SCAN_WINDOW_BYTES = 4 * 1024 * 1024;
/** No frame carries more; a larger size in the log is damage, not a record. */
const MAX_RECORD_BYTES = 32 * 1024 * 1024;

/**
 * Every message of the broker one after the other. A record never spans two files: the rest of a file that is
 * too small is marked blank. Source: CommitLog.java; remoting sheet §4.2.
 */
export class CommitLog {
  readonly files: FileSeries;
  /** Nothing is stored while it is true. */
  isDiskFull = false;
  readonly #maxBytes: number;
  #tail = new HotTail();
  #end: number;
  /** Behind the records that wait to be written. */
  #reserved: number;
  /** Where those begin: one piece of memory, up to `#reserved`. */
  #waiting: { readonly physicalOffset: number; readonly bytes: Buffer; readonly at: number } | undefined;
  #lastRecord = -1;
  #lastReserved = -1;
  #lastButOneReserved = -1;

  /**
   * @param maxBytes cap on the bytes held, blank ones included
   * @param mends after a crash files that were cut get their length again
   */
  constructor(directory: string, fileBytes: number, maxBytes: number, mends = false) {
    this.files = new FileSeries(directory, fileBytes, mends);
    this.#maxBytes = maxBytes;
    this.#end = this.#reserved = this.files.start ?? 0;
  }

  /** Offset of the oldest record. */
  get start(): number {
    return this.files.start ?? 0;
  }

  /** Behind the last record in the files. */
  get end(): number {
    return this.#end;
  }

  /** Offset of the last record in the files; -1 when it is not known. */
  get lastRecordOffset(): number {
    return this.#lastRecord;
  }

  /** The log ends here, or behind what a scan finds from here on. */
  trustUpTo(end: number, lastRecordOffset: number): void {
    this.#end = this.#reserved = end;
    this.#lastRecord = lastRecordOffset;
  }

  /** True when a whole record begins there and ends no later than `end`. */
  async holdsRecord(physicalOffset: number, end: number): Promise<boolean> {
    const head = await this.files.read(physicalOffset, BLANK_BYTES);
    const sizeBytes = head.length < BLANK_BYTES ? 0 : head.readInt32BE(0);
    if (sizeBytes <= 0 || physicalOffset + sizeBytes > end) return false;
    const message = readWhole(await this.files.read(physicalOffset, sizeBytes), 0, physicalOffset);
    return message !== undefined && !mayBeTorn(message);
  }

  /** Whether a record begins there, or the blank that fills a file. */
  async #continuesAt(position: number): Promise<boolean> {
    const headBytes = RecordOffset.PHYSICAL_OFFSET + 8;
    const head = await this.files.read(position, headBytes);
    if (head.length >= headBytes && isRecordAt(head, position)) return true;
    return head.length >= BLANK_BYTES && isBlank(head, 0);
  }

  /** True when a record of that size would be written together with those that wait, in one piece. */
  joins(sizeBytes: number): boolean {
    const remaining = this.files.fileBytes - (this.#reserved % this.files.fileBytes);
    return sizeBytes + BLANK_BYTES <= remaining && this.#tail.continues(this.#reserved, sizeBytes);
  }

  /**
   * Room for the next record, to be filled at once and brought into the files by `write`. Where it does not join
   * those that wait, they must be written first.
   * @throws CodedError `store-full`, `body-too-large` for what fits no file; nothing is reserved then
   */
  reserve(sizeBytes: number): { readonly physicalOffset: number; readonly bytes: Buffer; readonly at: number } {
    const physicalOffset = this.#makeRoom(sizeBytes);
    const { bytes, at } = this.#tail.reserve(physicalOffset, sizeBytes);
    this.#waiting ??= { physicalOffset, bytes, at };
    this.#reserved = physicalOffset + sizeBytes;
    this.#lastButOneReserved = this.#lastReserved;
    this.#lastReserved = physicalOffset;
    return { physicalOffset, bytes, at };
  }

  /**
   * Brings all reserved records into the files, though perhaps not to disk; all or none.
   * @throws CodedError `store-full`
   */
  write(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const { physicalOffset, bytes, at } = waiting;
    try {
      this.files.write(physicalOffset, bytes, at, at + this.#reserved - physicalOffset);
    } catch (error) {
      this.rewind(this.#end);
      this.cutBehindEnd();
      throw this.#asStoreFull(error);
    }
    this.#waiting = undefined;
    this.#end = this.#reserved;
    this.#lastRecord = this.#lastReserved;
  }

  /** Takes back every record from `position` on, written or not: the last one that was reserved, or all that wait. */
  rewind(position: number): void {
    this.#tail.rewind(position);
    if (this.#lastReserved >= position) this.#lastReserved = this.#lastButOneReserved;
    this.#reserved = position;
    if (this.#waiting !== undefined && this.#waiting.physicalOffset >= position) this.#waiting = undefined;
    if (position >= this.#end) return;
    this.#end = position;
    this.#lastRecord = -1;
    this.cutBehindEnd();
  }

  #asStoreFull(error: unknown): unknown {
    if (systemErrorCode(error) !== 'ENOSPC') return error;
    const usedBytes = this.#end - this.start;
    return new CodedError('store-full', { usedBytes, maxBytes: usedBytes }, { cause: error });
  }

  /** @returns where a record of that size begins: here, or in the next file behind a blank */
  #makeRoom(sizeBytes: number): number {
    const { fileBytes } = this.files;
    if (sizeBytes + BLANK_BYTES > fileBytes) {
      throw new CodedError('body-too-large', { sizeBytes, maxSizeBytes: fileBytes - BLANK_BYTES });
    }
    const remaining = fileBytes - (this.#reserved % fileBytes);
    const rolls = sizeBytes + BLANK_BYTES > remaining;
    const usedBytes = this.#reserved - this.start + sizeBytes + (rolls ? remaining : 0);
    if (usedBytes > this.#maxBytes || this.isDiskFull) {
      const heldBytes = this.#reserved - this.start;
      const maxBytes = Math.min(this.#maxBytes, this.isDiskFull ? heldBytes : this.#maxBytes);
      throw new CodedError('store-full', { usedBytes: heldBytes, maxBytes });
    }
    if (!rolls) return this.#reserved;
    const blank = Buffer.alloc(BLANK_BYTES);
    blank.writeInt32BE(remaining, 0);
    blank.writeInt32BE(MAGIC_BLANK, 4);
    try {
      this.files.write(this.#reserved, blank);
    } catch (error) {
      this.cutBehindEnd();
      throw this.#asStoreFull(error);
    }
    return this.#reserved + remaining;
  }

  /** Bytes that are known to be records. Undefined when the log does not hold them whole. */
  read(physicalOffset: number, sizeBytes: number): Buffer | Promise<Buffer | undefined> {
    const hot = this.readHot(physicalOffset, sizeBytes);
    if (hot !== undefined) return hot;
    return this.files.read(physicalOffset, sizeBytes).then((bytes) => (bytes.length === sizeBytes ? bytes : undefined));
  }

  /** The same, when they are still in memory. */
  readHot(physicalOffset: number, sizeBytes: number): Buffer | undefined {
    return this.#tail.read(physicalOffset, sizeBytes);
  }

  /** The record that begins at that offset, of whatever size; undefined when none does. */
  async record(physicalOffset: number): Promise<Buffer | undefined> {
    if (physicalOffset < this.start || physicalOffset + BLANK_BYTES > this.#end) return undefined;
    const head = await this.read(physicalOffset, RecordOffset.PHYSICAL_OFFSET + 8);
    if (head === undefined || !isRecordAt(head, physicalOffset)) return undefined;
    return await this.read(physicalOffset, head.readInt32BE(0));
  }

  /**
   * Walks the records from `from` on, which must be the start of one, and stops at the first that is none: that
   * is where the log ends. Memory stays within one window, whatever the log's size.
   */
  async *scan(from: number): AsyncGenerator<StoredMessage> {
    let position = from;
    let window: Buffer = Buffer.alloc(0);
    let windowAt = from;
    for (;;) {
      const at = position - windowAt;
      const sizeBytes = window.length - at >= BLANK_BYTES ? window.readInt32BE(at) : 0;
      const isHeld = sizeBytes >= BLANK_BYTES && (at + sizeBytes <= window.length || isBlank(window, at));
      if (!isHeld) {
        if (sizeBytes > MAX_RECORD_BYTES) break;
        const fresh = await this.files.read(position, Math.max(SCAN_WINDOW_BYTES, sizeBytes));
        if (fresh.length <= window.length - at) break;
        [window, windowAt] = [fresh, position];
        continue;
      }
      if (isBlank(window, at)) {
        if (position + sizeBytes !== this.files.startOf(position) + this.files.fileBytes) break;
        position += sizeBytes;
        [window, windowAt] = [Buffer.alloc(0), position];
        this.#end = this.#reserved = position;
        continue;
      }
      const message = readWhole(window, at, position);
      if (message === undefined) break;
      if (mayBeTorn(message) && !(await this.#continuesAt(position + message.sizeBytes))) break;
      this.#lastRecord = position;
      position += message.sizeBytes;
      this.#end = this.#reserved = position;
      yield message;
    }
    this.#end = this.#reserved = position;
  }

  /** What lies behind the end reads as zero afterwards, so that no torn rest is ever taken for a record. */
  cutBehindEnd(): void {
    this.files.truncate(this.#end);
  }
}

function isBlank(window: Buffer, at: number): boolean {
  return window.readInt32BE(at + RecordOffset.MAGIC) === MAGIC_BLANK;
}

function isRecordAt(head: Buffer, physicalOffset: number): boolean {
  const magic = head.readInt32BE(RecordOffset.MAGIC);
  return (magic === MAGIC_V1 || magic === MAGIC_V2) && readInt64(head, RecordOffset.PHYSICAL_OFFSET) === physicalOffset;
}

/** Undefined for torn, damaged and foreign bytes. */
function readWhole(window: Buffer, at: number, position: number): StoredMessage | undefined {
  try {
    const message = decodeMessage(window, at);
    const isWhole = message.physicalOffset === position && message.bodyCrc === bodyCrcOf(message.body);
    return isWhole && hasWholeText(message) ? message : undefined;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** The checksum covers the body only: a topic or properties that are torn show as broken UTF-8, or as zeros. */
function hasWholeText(message: StoredMessage): boolean {
  return measureMessage(message).sizeBytes === message.sizeBytes && /^[\x21-\x7e]+$/.test(message.topic);
}

/** An item of a batch of Apache's broker may end with a zero that was sent; ours never do. */
function mayBeTorn({ properties }: StoredMessage): boolean {
  return properties.endsWith('\0');
}
