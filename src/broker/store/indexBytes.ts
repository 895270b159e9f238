import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { systemErrorCode } from '../../base/errors.ts';
import { writeInt32, writeInt64 } from '../../protocol/bigEndian.ts';
import { INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, entriesAt, indexFileBytes } from './indexFormat.ts';
import type { IndexGeometry } from './indexFormat.ts';

const fdatasyncAsync = promisify(fdatasync);
const readAsync = promisify(read);
const writeAsync = promisify(write);

const TAIL_BYTES = 64 * 1024;

/** An index file as bytes: new entries gather in memory and go to the file in pieces. */
export class IndexBytes {
  readonly path: string;
  readonly #geometry: IndexGeometry;
  /** Made at the first write. */
  #exists: boolean;
  #handle: number | undefined;
  #tail = Buffer.alloc(0);
  /** The number that the next entry gets. */
  #count: number;
  /** Entries before it are in the file. */
  #written: number;

  constructor(path: string, geometry: IndexGeometry, state: { readonly exists: boolean; readonly count: number }) {
    this.path = path;
    this.#geometry = geometry;
    this.#exists = state.exists;
    this.#count = this.#written = state.count;
  }

  /** Never throws for the disk: then entries wait in memory. */
  append(hash: number, physicalOffset: number, seconds: number, previous: number): void {
    let at = this.#reserve();
    const tail = this.#tail;
    at = writeInt32(tail, hash, at);
    at = writeInt64(tail, physicalOffset, at);
    at = writeInt32(tail, seconds, at);
    writeInt32(tail, previous, at);
    this.#count += 1;
  }

  /** Forgets all entries from a number on, which is in the file. */
  keepUpTo(number: number): void {
    this.#count = this.#written = number;
  }

  flush(): void {
    const sizeBytes = (this.#count - this.#written) * INDEX_ENTRY_BYTES;
    if (sizeBytes === 0) return;
    const position = entriesAt(this.#geometry) + this.#written * INDEX_ENTRY_BYTES;
    for (let at = 0; at < sizeBytes;) at += writeSync(this.#file(), this.#tail, at, sizeBytes - at, position + at);
    this.#written = this.#count;
  }

  /** Brings the entries to disk, and then writes the header that counts them. */
  async syncEntries(header: Buffer): Promise<void> {
    this.flush();
    const handle = this.#file();
    await fdatasyncAsync(handle);
    await writeAsync(handle, header, 0, header.length, 0);
  }

  /** Brings entries, slots and header to disk. */
  async syncAll(slots: Iterable<{ readonly at: number; readonly bytes: Buffer }>, header: Buffer): Promise<void> {
    this.flush();
    const handle = this.#file();
    for (const { at, bytes } of slots) await writeAsync(handle, bytes, 0, bytes.length, INDEX_HEADER_BYTES + at);
    await writeAsync(handle, header, 0, header.length, 0);
    await fdatasyncAsync(handle);
  }

  /** Up to `count` entries from one on as bytes; none beyond those of the tail or of the file that it begins in. */
  async entries(from: number, count: number): Promise<Buffer> {
    if (from >= this.#written) {
      const at = (from - this.#written) * INDEX_ENTRY_BYTES;
      const to = Math.min(at + count * INDEX_ENTRY_BYTES, (this.#count - this.#written) * INDEX_ENTRY_BYTES);
      return Buffer.from(this.#tail.subarray(at, to));
    }
    const sizeBytes = Math.min(count, this.#written - from) * INDEX_ENTRY_BYTES;
    return await this.#readFile(entriesAt(this.#geometry) + from * INDEX_ENTRY_BYTES, sizeBytes);
  }

  readSlots(at: number, sizeBytes: number): Buffer {
    const bytes = Buffer.alloc(sizeBytes);
    if (this.#exists) readSync(this.#file(), bytes, 0, sizeBytes, INDEX_HEADER_BYTES + at);
    return bytes;
  }

  /** Neither memory nor a handle is held afterwards. */
  release(): void {
    this.#tail = Buffer.alloc(0);
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  remove(): void {
    this.release();
    rmSync(this.path, { force: true });
  }

  /** @returns where in the tail the next entry goes */
  #reserve(): number {
    let used = (this.#count - this.#written) * INDEX_ENTRY_BYTES;
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
      this.flush();
      return true;
    } catch {
      return false;
    }
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

  #file(): number {
    if (this.#handle !== undefined) return this.#handle;
    if (!this.#exists) mkdirSync(dirname(this.path), { recursive: true });
    this.#handle = openSync(this.path, this.#exists ? 'r+' : 'w+');
    if (!this.#exists) ftruncateSync(this.#handle, indexFileBytes(this.#geometry));
    this.#exists = true;
    return this.#handle;
  }
}
