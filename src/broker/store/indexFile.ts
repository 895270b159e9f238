import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { systemErrorCode } from '../../base/errors.ts';
import { readInt64, writeInt64 } from '../../protocol/message.ts';
import {
  INDEX_ENTRY_BYTES,
  INDEX_HEADER_BYTES,
  decodeIndexEntry,
  decodeIndexHeader,
  encodeIndexHeader,
  entriesAt,
  indexFileBytes,
} from './indexFormat.ts';
import type { IndexGeometry, IndexHeader } from './indexFormat.ts';
import { EntryWindow } from './entryWindow.ts';
import { SlotTable } from './slotTable.ts';

const fdatasyncAsync = promisify(fdatasync);
const readAsync = promisify(read);
const writeAsync = promisify(write);

const TAIL_BYTES = 64 * 1024;
const SWEEP_ENTRIES = 50_000;
const MAX_SECONDS = 0x7fffffff;

/**
 * One index file. New entries gather in memory and go to the file in pieces; its slots stay in memory until `finish`,
 * since a crash loses nothing by that: they follow from the entries, see `repair`.
 */
export class IndexFile {
  readonly path: string;
  readonly #geometry: IndexGeometry;
  readonly #header: IndexHeader;
  readonly #slots: SlotTable;
  /** Made at the first write. */
  #exists: boolean;
  #handle: number | undefined;
  #tail = Buffer.alloc(0);
  /** Entries before it are in the file. */
  #written: number;
  #headerChanged = false;
  /** Else it is only read, and nothing is held between two readings. */
  #grows = false;

  /** It was shorter than it must be when it was opened. */
  readonly wasCut: boolean;

  private constructor(
    path: string,
    geometry: IndexGeometry,
    header: IndexHeader,
    state: { readonly exists: boolean; readonly wasCut: boolean },
  ) {
    this.path = path;
    this.wasCut = state.wasCut;
    this.#geometry = geometry;
    this.#header = header;
    this.#exists = state.exists;
    this.#written = header.count;
    this.#slots = new SlotTable(geometry.slots, (at, sizeBytes) => this.#readSlots(at, sizeBytes));
  }

  static make(path: string, geometry: IndexGeometry): IndexFile {
    const header = { beginTimestamp: 0, endTimestamp: 0, beginOffset: 0, endOffset: 0, slotsInUse: 0, count: 1 };
    return new IndexFile(path, geometry, header, { exists: false, wasCut: false });
  }

  /** Undefined for a file of another geometry; one that was cut short is given its length again. */
  static open(path: string, geometry: IndexGeometry): IndexFile | undefined {
    const expected = indexFileBytes(geometry);
    const { size } = statSync(path);
    if (size > expected) return undefined;
    const handle = openSync(path, 'r+');
    try {
      if (size < expected) ftruncateSync(handle, expected);
      const bytes = Buffer.alloc(INDEX_HEADER_BYTES);
      readSync(handle, bytes, 0, INDEX_HEADER_BYTES, 0);
      const header = decodeIndexHeader(bytes);
      if (header.count > geometry.entries) return undefined;
      return new IndexFile(path, geometry, header, { exists: true, wasCut: size < expected });
    } finally {
      closeSync(handle);
    }
  }

  get isEmpty(): boolean {
    return this.#header.count === 1;
  }

  get isFull(): boolean {
    return this.#header.count >= this.#geometry.entries;
  }

  get beginTimestamp(): number {
    return this.#header.beginTimestamp;
  }

  get endTimestamp(): number {
    return this.#header.endTimestamp;
  }

  /** Of the newest message that has an entry. */
  get endOffset(): number {
    return this.#header.endOffset;
  }

  /** Adds an entry to a file that is not full. Never throws for the disk: then entries wait in memory. */
  put(hash: number, physicalOffset: number, storeTimestamp: number): void {
    this.#grows = true;
    const header = this.#header;
    const previous = this.#slots.exchange(hash % this.#geometry.slots, header.count);
    if (header.count === 1) {
      header.beginTimestamp = storeTimestamp;
      header.beginOffset = physicalOffset;
    }
    if (previous === 0) header.slotsInUse += 1;
    const at = this.#reserve();
    this.#tail.writeInt32BE(hash, at);
    writeInt64(this.#tail, physicalOffset, at + 4);
    this.#tail.writeInt32BE(secondsBetween(header.beginTimestamp, storeTimestamp), at + 12);
    this.#tail.writeInt32BE(previous, at + 16);
    header.count += 1;
    header.endOffset = physicalOffset;
    header.endTimestamp = storeTimestamp;
    this.#headerChanged = true;
  }

  /** False when no entry can be of a time in the range. Entries know full seconds only. */
  mayHold(begin: number, end: number): boolean {
    return !this.isEmpty && begin <= this.#header.endTimestamp + 999 && end >= this.#header.beginTimestamp;
  }

  /** Commit-log offsets of a key, newest first, with those of other keys that have the same hash. */
  async *offsets(hash: number, begin: number, end: number): AsyncGenerator<number> {
    let number = this.#slots.get(hash % this.#geometry.slots);
    if (!this.#grows) this.#releaseMemory();
    const window = new EntryWindow((from, count) => this.#entries(from, count));
    while (number > 0 && number < this.#header.count) {
      const entry = window.at(number) ?? (await window.moveTo(number));
      if (entry === undefined || entry.seconds < 0) return;
      const time = this.#header.beginTimestamp + entry.seconds * 1000;
      if (time + 999 < begin) return;
      if (entry.hash === hash && time <= end) yield entry.physicalOffset;
      if (entry.previous >= number) return;
      number = entry.previous;
    }
  }

  /** Brings the entries to disk, and then writes the header that counts them. */
  async sync(): Promise<void> {
    if (!this.#headerChanged) return;
    this.#headerChanged = false;
    try {
      const header = encodeIndexHeader(this.#header);
      this.#flush();
      const handle = this.#file();
      await fdatasyncAsync(handle);
      await writeAsync(handle, header, 0, header.length, 0);
    } catch (error) {
      this.#headerChanged = true;
      throw error;
    }
  }

  /** The file is whole on disk afterwards, slots and all, and holds neither memory nor a handle. */
  async finish(): Promise<void> {
    if (!this.#grows) return;
    this.#flush();
    const handle = this.#file();
    for (const { at, bytes } of this.#slots.changes()) {
      await writeAsync(handle, bytes, 0, bytes.length, INDEX_HEADER_BYTES + at);
    }
    const header = encodeIndexHeader(this.#header);
    await writeAsync(handle, header, 0, header.length, 0);
    await fdatasyncAsync(handle);
    this.#headerChanged = this.#grows = false;
    this.#releaseMemory();
  }

  /** The file is gone afterwards. */
  remove(): void {
    this.#releaseMemory();
    rmSync(this.path, { force: true });
  }

  #releaseMemory(): void {
    this.#slots.release();
    this.#tail = Buffer.alloc(0);
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  /**
   * After a crash: makes the slots again from the entries, and keeps entries up to the first that cannot be right.
   * @returns false when entries were dropped
   */
  async repair(): Promise<boolean> {
    const { count, endOffset, beginOffset } = this.#header;
    this.#grows = true;
    this.#slots.clear();
    this.#header.slotsInUse = 0;
    this.#headerChanged = true;
    let [number, offset] = [1, 0];
    for (; number < count;) {
      const bytes = await this.#entries(number, Math.min(SWEEP_ENTRIES, count - number));
      const upTo = number + bytes.length / INDEX_ENTRY_BYTES;
      for (let at = 0; number < upTo; number += 1, at += INDEX_ENTRY_BYTES) {
        const entryHash = bytes.readInt32BE(at);
        const entryOffset = readInt64(bytes, at + 4);
        if (entryHash < 0 || entryOffset < offset || (number === 1 && entryOffset !== beginOffset)) break;
        const slot = entryHash % this.#geometry.slots;
        const previous = this.#slots.exchange(slot, number);
        if (previous !== bytes.readInt32BE(at + 16)) {
          this.#slots.set(slot, previous);
          break;
        }
        if (previous === 0) this.#header.slotsInUse += 1;
        offset = entryOffset;
      }
      if (number < upTo) break;
    }
    this.#header.count = this.#written = number;
    const isWhole = number === count && (count === 1 || offset === endOffset);
    if (!isWhole) await this.truncate(offset);
    return isWhole;
  }

  /** Forgets the entries of messages from a commit-log offset on. */
  async truncate(fromOffset: number): Promise<void> {
    this.#grows = true;
    this.#flush();
    for (;;) {
      const number = this.#header.count - 1;
      if (number === 0) break;
      const entry = decodeIndexEntry(await this.#entries(number, 1), 0);
      if (entry.physicalOffset < fromOffset) {
        this.#header.endOffset = entry.physicalOffset;
        const latest = this.#header.beginTimestamp + entry.seconds * 1000 + 999;
        this.#header.endTimestamp = Math.min(this.#header.endTimestamp, latest);
        break;
      }
      this.#slots.set(entry.hash % this.#geometry.slots, entry.previous);
      if (entry.previous === 0) this.#header.slotsInUse -= 1;
      this.#header.count = this.#written = number;
      this.#headerChanged = true;
    }
  }

  /** @returns where in the tail the next entry goes */
  #reserve(): number {
    let used = (this.#header.count - this.#written) * INDEX_ENTRY_BYTES;
    if (used >= TAIL_BYTES - INDEX_ENTRY_BYTES && this.#tryFlush()) used = 0;
    if (used + INDEX_ENTRY_BYTES > this.#tail.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(TAIL_BYTES, this.#tail.length * 2));
      this.#tail.copy(larger);
      this.#tail = larger;
    }
    return used;
  }

  /** The message is stored already: its entry waits for a sync, which tells what is wrong. */
  #tryFlush(): boolean {
    try {
      this.#flush();
      return true;
    } catch {
      return false;
    }
  }

  #flush(): void {
    const sizeBytes = (this.#header.count - this.#written) * INDEX_ENTRY_BYTES;
    if (sizeBytes === 0) return;
    const position = entriesAt(this.#geometry) + this.#written * INDEX_ENTRY_BYTES;
    for (let at = 0; at < sizeBytes;) at += writeSync(this.#file(), this.#tail, at, sizeBytes - at, position + at);
    this.#written = this.#header.count;
  }

  /** Up to `count` entries from one on as bytes; none beyond those of the tail or of the file that it begins in. */
  async #entries(from: number, count: number): Promise<Buffer> {
    if (from >= this.#written) {
      const at = (from - this.#written) * INDEX_ENTRY_BYTES;
      const to = Math.min(at + count * INDEX_ENTRY_BYTES, (this.#header.count - this.#written) * INDEX_ENTRY_BYTES);
      return Buffer.from(this.#tail.subarray(at, to));
    }
    const sizeBytes = Math.min(count, this.#written - from) * INDEX_ENTRY_BYTES;
    return await this.#readFile(entriesAt(this.#geometry) + from * INDEX_ENTRY_BYTES, sizeBytes);
  }

  /** By a handle of its own: the file may be finished, or removed, meanwhile. */
  async #readFile(position: number, sizeBytes: number): Promise<Buffer> {
    const bytes = Buffer.alloc(sizeBytes);
    let handle: number;
    try {
      handle = openSync(this.path, 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return bytes;
      throw error;
    }
    try {
      await readAsync(handle, bytes, 0, sizeBytes, position);
      return bytes;
    } finally {
      closeSync(handle);
    }
  }

  #readSlots(at: number, sizeBytes: number): Buffer {
    const bytes = Buffer.alloc(sizeBytes);
    if (this.#exists) readSync(this.#file(), bytes, 0, sizeBytes, INDEX_HEADER_BYTES + at);
    return bytes;
  }

  #file(): number {
    if (this.#handle !== undefined) return this.#handle;
    if (!this.#exists) mkdirSync(dirname(this.path), { recursive: true });
    this.#handle = openSync(this.path, this.#exists ? 'r+' : 'w+');
    if (!this.#exists) ftruncateSync(this.#handle, indexFileBytes(this.#geometry));
    this.#exists = true;
    return this.#handle;
  }
}

function secondsBetween(begin: number, end: number): number {
  return Math.max(0, Math.min(MAX_SECONDS, Math.floor((end - begin) / 1000)));
}
