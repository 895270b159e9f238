import { CodedError, systemErrorCode } from '../../base/errors.ts';
import { MAGIC_BLANK, RecordOffset } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { FileSeries } from './fileSeries.ts';
import { FollowsMaster } from './followsMaster.ts';
import { HotTail } from './hotTail.ts';
import { dropPiecesFrom, writePieces } from './logPiece.ts';
import type { LogPiece } from './logPiece.ts';
import { scanRecords, BLANK_BYTES } from './logScan.ts';
import { isRecordAt } from './wholeRecord.ts';

/**
 * Every message of the broker one after the other. A record never spans two files: the rest of a file that is
 * too small is marked blank. Source: CommitLog.java; remoting sheet §4.2.
 */
export class CommitLog {
  readonly files: FileSeries;
  /** Nothing is stored while it is true. */
  isDiskFull = false;
  /** Nothing is stored but by `takeOver` and `fill`. */
  isReplica = false;
  readonly #maxBytes: number;
  #tail = new HotTail();
  #end: number;
  /** Behind the records that wait to be written. */
  #reserved: number;
  #waiting: LogPiece[] = [];
  /** What `writeLater` is writing; undefined when there is nothing, or `write` came before it. */
  #flight: Flight | undefined;
  /** The same until it is over, whoever was first: its bytes are still read. */
  #flying: Flight | undefined;
  /** A write that `rewind` took back, and that is not over: what it leaves must be cut before others write there. */
  #stray: { readonly flight: Flight; readonly cause: unknown } | undefined;
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

  /** Behind all records, those included that wait to be written. */
  get reserved(): number {
    return this.#reserved;
  }

  /**
   * Room for the next record, to be filled at once and brought into the files by `write` or `writeLater`.
   * @throws CodedError `store-full`, `body-too-large` for what fits no file; nothing is reserved then
   */
  reserve(sizeBytes: number): { readonly physicalOffset: number; readonly bytes: Buffer; readonly at: number } {
    const physicalOffset = this.#makeRoom(sizeBytes);
    const writtenEnd = Math.min(this.#end, this.#flying?.begin ?? this.#end);
    const { bytes, at } = this.#tail.reserve(physicalOffset, sizeBytes, writtenEnd);
    const last = this.#waiting.at(-1);
    if (last?.bytes === bytes && last.to === at) last.to = at + sizeBytes;
    else this.#waiting.push({ physicalOffset, bytes, at, to: at + sizeBytes });
    this.#reserved = physicalOffset + sizeBytes;
    this.#lastButOneReserved = this.#lastReserved;
    this.#lastReserved = physicalOffset;
    return { physicalOffset, bytes, at };
  }

  /**
   * Brings all reserved records into the files, though perhaps not to disk; all or none. Those of `writeLater` as well:
   * the same bytes at the same places, so that it does not matter who is first.
   * @throws CodedError `store-full`
   */
  write(): void {
    const flight = this.#flight;
    if (flight === undefined && this.#waiting.length === 0) return;
    try {
      if (flight !== undefined) writePieces(this.files, flight.pieces);
      writePieces(this.files, this.#waiting);
    } catch (error) {
      throw this.#takenBack(error);
    }
    this.#waiting = [];
    this.#flight = undefined;
    this.#end = this.#reserved;
    this.#lastRecord = this.#lastReserved;
  }

  /**
   * As `write`, without holding up the event loop: for the time in which the disk is busy, when a write to the page
   * cache waits for it. One at a time; what is reserved meanwhile waits for the next. Where `write` comes in between,
   * there is nothing left to do, and it resolves.
   * @throws CodedError `store-full`; then all that is reserved is taken back
   */
  async writeLater(): Promise<void> {
    const begin = this.#end;
    const flight: Flight = { pieces: this.#waiting, begin, end: this.#reserved, lastRecord: this.#lastReserved };
    this.#waiting = [];
    this.#flight = this.#flying = flight;
    let failure: unknown;
    try {
      for (const { physicalOffset, bytes, at, to } of flight.pieces) {
        if (this.#flight !== flight) break;
        await this.files.writeLater(physicalOffset, bytes, at, to);
      }
    } catch (error) {
      failure = error;
    }
    this.#flying = undefined;
    if (this.#stray?.flight === flight) {
      this.#stray = undefined;
      this.cutBehindEnd();
    }
    if (this.#flight !== flight) return;
    this.#flight = undefined;
    if (failure !== undefined) throw this.#takenBack(failure);
    this.#end = flight.end;
    this.#lastRecord = flight.lastRecord;
  }

  /**
   * Records of another log, which belong at the end of this one.
   * @throws CodedError `store-full`, `message-illegal` where files of another size would hold them
   */
  takeOver(records: Buffer, lastRecord: number): void {
    const begin = this.#end;
    this.#checkWithinFile(records.length);
    const { bytes, at } = this.#tail.reserve(begin, records.length, begin);
    records.copy(bytes, at);
    try {
      this.files.write(begin, records);
    } catch (error) {
      throw this.#takenBack(error);
    }
    this.#end = this.#reserved = begin + records.length;
    this.#lastRecord = lastRecord;
  }

  /** The same of what fills a file: its first bytes, which say how much that is. @returns false when it does not fit */
  fill(head: Buffer): boolean {
    const { fileBytes } = this.files;
    const end = this.files.startOf(this.#end) + fileBytes;
    if (this.#end + head.readInt32BE(0) !== end) return false;
    try {
      this.files.write(this.#end, head);
    } catch (error) {
      throw this.#takenBack(error);
    }
    this.#end = this.#reserved = end;
    return true;
  }

  #checkWithinFile(sizeBytes: number): void {
    const { fileBytes } = this.files;
    if ((this.#end % fileBytes) + sizeBytes <= fileBytes) return;
    const reason = `records at ${this.#end} go beyond a file of ${fileBytes} bytes: the other log has files of another size`;
    throw new CodedError('message-illegal', { reason });
  }

  /** Takes back every record from `position` on, written or not: the last ones that were reserved, or all that wait. */
  rewind(position: number): void {
    this.#tail.rewind(position);
    if (this.#lastReserved >= position) {
      this.#lastReserved = this.#lastButOneReserved < position ? this.#lastButOneReserved : -1;
    }
    this.#reserved = position;
    dropPiecesFrom(this.#waiting, position);
    if (position >= this.#end) return;
    this.#end = position;
    this.#lastRecord = -1;
    this.cutBehindEnd();
  }

  /** After a write that failed: the log ends where it did. @returns what to throw */
  #takenBack(error: unknown): unknown {
    const cause = this.#asStoreFull(error);
    if (this.#flight !== undefined) this.#stray = { flight: this.#flight, cause };
    this.#flight = undefined;
    this.rewind(this.#end);
    this.cutBehindEnd();
    return cause;
  }

  #asStoreFull(error: unknown): unknown {
    if (systemErrorCode(error) !== 'ENOSPC') return error;
    const usedBytes = this.#end - this.start;
    return new CodedError('store-full', { usedBytes, maxBytes: usedBytes }, { cause: error });
  }

  /** @returns where a record of that size begins: here, or in the next file behind a blank */
  #makeRoom(sizeBytes: number): number {
    if (this.#stray !== undefined) throw this.#stray.cause;
    if (this.isReplica) throw new FollowsMaster();
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
    this.#waiting.push({ physicalOffset: this.#reserved, bytes: blank, at: 0, to: BLANK_BYTES });
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

  /** Bytes as the files hold them, what fills files included: up to the end of the log, or of a file. Empty where there are none. */
  readRaw(position: number, maxBytes: number): Buffer | Promise<Buffer> {
    const sizeBytes = Math.min(maxBytes, this.#end - position);
    if (sizeBytes <= 0) return Buffer.alloc(0);
    return this.#tail.readSome(position, sizeBytes) ?? this.files.read(position, sizeBytes);
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
  scan(from: number): AsyncGenerator<StoredMessage> {
    return scanRecords(this.files, from, (end, lastRecord) => {
      this.#end = this.#reserved = end;
      this.#lastRecord = lastRecord ?? this.#lastRecord;
    });
  }

  /** What lies behind the end reads as zero afterwards, so that no torn rest is ever taken for a record. */
  cutBehindEnd(): void {
    this.files.truncate(this.#end);
  }
}

/** Pieces that `writeLater` takes along. */
interface Flight {
  readonly pieces: readonly LogPiece[];
  readonly begin: number;
  /** Where the log ends when they are in the files, and its last record then. */
  readonly end: number;
  readonly lastRecord: number;
}
