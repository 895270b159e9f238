import { closeSync, fdatasync, ftruncateSync, read, readSync, unlinkSync, write, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { syncFolder } from '../syncFiles.ts';
import { findFiles } from './findFiles.ts';
import { makeFile, makeFileNow } from './makeFile.ts';
import { OpenFiles, pathOf, using } from './openFiles.ts';
import type { OpenFile } from './openFiles.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);

/**
 * Files of one size in a folder, each named by the position of its first byte (20 digits): together one long
 * file. New ones are made sparse at full length, as Apache maps them. Source: MappedFileQueue.java.
 */
export class FileSeries {
  readonly directory: string;
  readonly fileBytes: number;
  /** Start positions, ascending. */
  #starts: number[];
  /** Undefined while none is: there may be tens of thousands of series. */
  #open: OpenFiles | undefined;
  #unsynced: number[] = [];
  /** A file was made or removed; its name is on disk after a sync of the folder. */
  #namesUnsynced = false;
  readonly #wasCut: boolean;
  #syncing: Promise<void> | undefined;
  #making: Promise<void> | undefined;
  #isAbandoned = false;

  /**
   * @param mends files that are too short get their length again, with zeros
   * @throws CodedError `store-damaged` for a file whose length or name does not fit
   */
  constructor(directory: string, fileBytes: number, mends = false) {
    this.directory = directory;
    this.fileBytes = fileBytes;
    const found = findFiles(directory, fileBytes, mends);
    this.#starts = found.starts;
    this.#wasCut = found.wasCut;
  }

  /** A file was too short and is not any more. */
  get wasCut(): boolean {
    return this.#wasCut;
  }

  /** Position of the first byte there is; undefined when there is no file. */
  get start(): number | undefined {
    return this.#starts[0];
  }

  /** Position after the last byte of the last file; undefined when there is no file. */
  get end(): number | undefined {
    const last = this.#starts.at(-1);
    return last === undefined ? undefined : last + this.fileBytes;
  }

  get starts(): readonly number[] {
    return this.#starts;
  }

  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0;
  }

  /** `sync` is under way. */
  get isSyncing(): boolean {
    return this.#syncing !== undefined;
  }

  /** Start of the file that holds `position`. */
  startOf(position: number): number {
    return position - (position % this.fileBytes);
  }

  /**
   * Makes the file that holds `position` if it is missing, beside the event loop: a new name waits for syncs that are
   * under way. A write that comes meanwhile makes it itself.
   */
  async make(position: number): Promise<void> {
    while (this.#making !== undefined) await this.#making.catch(() => undefined);
    const start = this.startOf(position);
    if (this.#indexOf(start) >= 0 || this.#isAbandoned) return;
    this.#making = this.#makeLater(start).finally(() => (this.#making = undefined));
    await this.#making;
  }

  /** `make` is under way; it never rejects. */
  get making(): Promise<void> | undefined {
    return this.#making?.catch(() => undefined);
  }

  async #makeLater(start: number): Promise<void> {
    const handle = await makeFile(this.directory, start, this.fileBytes);
    if (this.#indexOf(start) >= 0) closeSync(handle);
    else this.#add(start, handle);
  }

  /** Writes through to the file (the page cache); the bytes must lie within one file, which is made if missing. */
  write(position: number, bytes: Buffer, from = 0, to = bytes.length): void {
    const file = this.#forWriting(position);
    const { start, handle } = file;
    let at = from;
    while (at < to) at += writeSync(handle, bytes, at, to - at, position - start + at - from);
  }

  /** The same beside the event loop. */
  async writeLater(position: number, bytes: Buffer, from = 0, to = bytes.length): Promise<void> {
    const start = this.startOf(position);
    await this.make(position);
    await using(await this.#borrow(start), async (handle) => {
      if (this.#isAbandoned) return;
      for (let at = from; at < to;) {
        at += (await writeAsync(handle, bytes, at, to - at, position - start + at - from)).bytesWritten;
      }
    });
    // Not before: a sync that was over in between did not bring it to disk.
    if (this.#indexOf(start) >= 0) this.#isChanged(start);
  }

  /** Up to `sizeBytes` from `position`, never past the end of its file; empty where there is no file. */
  async read(position: number, sizeBytes: number): Promise<Buffer> {
    const start = this.startOf(position);
    if (!this.#holds(start)) return Buffer.alloc(0);
    const wanted = Math.min(sizeBytes, start + this.fileBytes - position);
    const bytes = Buffer.allocUnsafe(wanted);
    let file: OpenFile;
    try {
      file = await this.#borrow(start);
    } catch (error) {
      if (!this.#holds(start)) return Buffer.alloc(0);
      throw error;
    }
    const bytesRead = await using(file, async (handle) => {
      return this.#isAbandoned ? 0 : (await readAsync(handle, bytes, 0, wanted, position - start)).bytesRead;
    });
    return bytesRead === wanted ? bytes : bytes.subarray(0, bytesRead);
  }

  /** The same at once, for the moments in which nobody may come between. */
  readSync(position: number, sizeBytes: number): Buffer {
    const start = this.startOf(position);
    if (this.#indexOf(start) < 0) return Buffer.alloc(0);
    const wanted = Math.min(sizeBytes, start + this.fileBytes - position);
    const bytes = Buffer.allocUnsafe(wanted);
    return bytes.subarray(0, readSync(this.#opened.at(start).handle, bytes, 0, wanted, position - start));
  }

  /** Everything written before the call is on disk when it resolves; one at a time, so that none vouches for another's. */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing.catch(() => undefined);
    this.#syncing = this.#syncUnsynced().finally(() => (this.#syncing = undefined));
    await this.#syncing;
  }

  async #syncUnsynced(): Promise<void> {
    const starts = this.#unsynced;
    const names = this.#namesUnsynced;
    this.#unsynced = [];
    this.#namesUnsynced = false;
    if (this.#open !== undefined) this.#open.writing = undefined;
    try {
      for (const start of starts) {
        if (!this.#holds(start)) continue;
        await using(await this.#borrow(start), (handle) => fdatasyncAsync(handle));
      }
      if (names && !this.#isAbandoned) await syncFolder(this.directory);
    } catch (error) {
      for (const start of starts) this.#isChanged(start);
      this.#namesUnsynced ||= names;
      throw error;
    }
  }

  /** Bytes from `position` on read as zero afterwards; files that lie wholly behind it are removed. */
  truncate(position: number): void {
    for (let last = this.#starts.at(-1); last !== undefined && last >= position; last = this.#starts.at(-1)) {
      if (last === position && this.#starts.length === 1) break;
      this.#forget(last);
      unlinkSync(pathOf(this.directory, last));
    }
    const last = this.#starts.at(-1);
    if (last === undefined || position >= last + this.fileBytes) return;
    const { handle } = this.#opened.at(last);
    ftruncateSync(handle, Math.max(position - last, 0));
    ftruncateSync(handle, this.fileBytes);
    this.#isChanged(last);
  }

  /** Removes the first file; what is being read from it is still read. */
  async removeFirst(): Promise<void> {
    const start = this.#starts[0];
    if (start === undefined) return;
    this.#forget(start);
    await unlink(pathOf(this.directory, start));
  }

  /** Frees the handles of files, after what is under way; they are opened again when needed. */
  release(): void {
    this.#open?.closeAll();
    this.#open = undefined;
  }

  /**
   * The folder is not this one's any more: nothing is read from it or written to it, though what is under way in an open
   * file ends there. `make` must not be under way, since nobody could tell what it makes from what the next owner has.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.release();
  }

  #holds(start: number): boolean {
    return !this.#isAbandoned && this.#indexOf(start) >= 0;
  }

  /** Place among the starts, -1 when there is no such file. Without holes, which is the rule, it is where it should be. */
  #indexOf(start: number): number {
    const first = this.#starts[0];
    const last = this.#starts.at(-1);
    if (first === undefined || last === undefined || start < first || start > last) return -1;
    const guess = (start - first) / this.fileBytes;
    return this.#starts[guess] === start ? guess : this.#starts.indexOf(start);
  }

  #forWriting(position: number): OpenFile {
    const last = this.#open?.writing;
    if (last !== undefined && position >= last.start && position < last.start + this.fileBytes) return last;
    const start = this.startOf(position);
    const file =
      this.#indexOf(start) < 0
        ? this.#add(start, makeFileNow(this.directory, start, this.fileBytes))
        : this.#opened.at(start);
    this.#isChanged(start);
    this.#opened.writing = file;
    return file;
  }

  get #opened(): OpenFiles {
    return (this.#open ??= new OpenFiles(this.directory));
  }

  #borrow(start: number): Promise<OpenFile> {
    return this.#opened.borrow(start, () => this.#indexOf(start) >= 0);
  }

  #add(start: number, handle: number): OpenFile {
    const last = this.#starts.at(-1);
    // An array that grows by one takes room for seventeen, and most queues have one file.
    if (last === undefined) this.#starts = [start];
    else this.#starts.push(start);
    if (last !== undefined && last > start) this.#starts.sort((a, b) => a - b);
    this.#namesUnsynced = true;
    return this.#opened.add(start, handle);
  }

  #isChanged(start: number): void {
    if (this.#unsynced.length === 0) this.#unsynced = [start];
    else if (!this.#unsynced.includes(start)) this.#unsynced.push(start);
  }

  #forget(start: number): void {
    this.#open?.close(start);
    this.#unsynced = this.#unsynced.filter((other) => other !== start);
    this.#starts.splice(this.#indexOf(start), 1);
    this.#namesUnsynced = true;
  }
}
