import { closeSync, ftruncateSync, openSync, readSync, statSync } from 'node:fs';
import { readInt64 } from '../../protocol/bigEndian.ts';
import { EntryWindow } from './entryWindow.ts';
import { IndexBytes } from './indexBytes.ts';
import {
  INDEX_ENTRY_BYTES,
  INDEX_HEADER_BYTES,
  decodeIndexEntry,
  decodeIndexHeader,
  encodeIndexHeader,
  indexFileBytes,
} from './indexFormat.ts';
import type { IndexGeometry, IndexHeader } from './indexFormat.ts';
import { SlotTable } from './slotTable.ts';

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
  readonly #bytes: IndexBytes;
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
    this.#bytes = new IndexBytes(path, geometry, { exists: state.exists, count: header.count });
    this.#slots = new SlotTable(geometry.slots, (at, sizeBytes) => this.#bytes.readSlots(at, sizeBytes));
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
    const seconds = secondsBetween(header.beginTimestamp, storeTimestamp);
    this.#bytes.append(hash, physicalOffset, seconds, previous);
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
    const window = new EntryWindow((from, count) => this.#bytes.entries(from, count));
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
      await this.#bytes.syncEntries(encodeIndexHeader(this.#header));
    } catch (error) {
      this.#headerChanged = true;
      throw error;
    }
  }

  /** The file is whole on disk afterwards, slots and all, and holds neither memory nor a handle. */
  async finish(): Promise<void> {
    if (!this.#grows) return;
    await this.#bytes.syncAll(this.#slots.changes(), encodeIndexHeader(this.#header));
    this.#headerChanged = this.#grows = false;
    this.#releaseMemory();
  }

  /** The file is gone afterwards. */
  remove(): void {
    this.#slots.release();
    this.#bytes.remove();
  }

  #releaseMemory(): void {
    this.#slots.release();
    this.#bytes.release();
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
      const bytes = await this.#bytes.entries(number, Math.min(SWEEP_ENTRIES, count - number));
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
    this.#keepUpTo(number);
    const isWhole = number === count && (count === 1 || offset === endOffset);
    if (!isWhole) await this.truncate(offset);
    return isWhole;
  }

  /** Forgets the entries of messages from a commit-log offset on. */
  async truncate(fromOffset: number): Promise<void> {
    this.#grows = true;
    this.#bytes.flush();
    for (;;) {
      const number = this.#header.count - 1;
      if (number === 0) break;
      const entry = decodeIndexEntry(await this.#bytes.entries(number, 1), 0);
      if (entry.physicalOffset < fromOffset) {
        this.#header.endOffset = entry.physicalOffset;
        const latest = this.#header.beginTimestamp + entry.seconds * 1000 + 999;
        this.#header.endTimestamp = Math.min(this.#header.endTimestamp, latest);
        break;
      }
      this.#slots.set(entry.hash % this.#geometry.slots, entry.previous);
      if (entry.previous === 0) this.#header.slotsInUse -= 1;
      this.#keepUpTo(number);
      this.#headerChanged = true;
    }
  }

  #keepUpTo(number: number): void {
    this.#header.count = number;
    this.#bytes.keepUpTo(number);
  }
}

function secondsBetween(begin: number, end: number): number {
  return Math.max(0, Math.min(MAX_SECONDS, Math.floor((end - begin) / 1000)));
}
