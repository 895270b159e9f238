import { INDEX_ENTRY_BYTES, decodeIndexEntry } from './indexFormat.ts';
import type { IndexEntry } from './indexFormat.ts';

/** Entries read at once along a chain: those of a frequent key lie close together. */
const WINDOW_ENTRIES = 800;

/** The entries around one of them, so that a chain through neighbours needs one read. */
export class EntryWindow {
  readonly #read: (from: number, count: number) => Promise<Buffer>;
  #first = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(read: (from: number, count: number) => Promise<Buffer>) {
    this.#read = read;
  }

  at(number: number): IndexEntry | undefined {
    const at = (number - this.#first) * INDEX_ENTRY_BYTES;
    return at >= 0 && at < this.#bytes.length ? decodeIndexEntry(this.#bytes, at) : undefined;
  }

  async moveTo(number: number): Promise<IndexEntry | undefined> {
    this.#first = Math.max(1, number - WINDOW_ENTRIES + 1);
    this.#bytes = await this.#read(this.#first, number - this.#first + 1);
    if (this.at(number) === undefined) [this.#first, this.#bytes] = [number, await this.#read(number, 1)];
    return this.at(number);
  }
}
