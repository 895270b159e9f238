import {
  closeSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError } from '../../base/errors.ts';

const readAsync = promisify(read);
const fdatasyncAsync = promisify(fdatasync);

/**
 * Files of one size in a folder, each named by the position of its first byte (20 digits): together one long
 * file. New ones are made sparse at full length, as Apache maps them. Source: MappedFileQueue.java.
 */
export class FileSeries {
  readonly directory: string;
  readonly fileBytes: number;
  /** Start positions, ascending. */
  #starts: number[] = [];
  #open = new Map<number, number>();
  #unsynced = new Set<number>();
  #syncing: Promise<void> | undefined;
  /** Reads and syncs under way; handles are closed when there are none. */
  #busy = 0;
  #toClose: number[] = [];

  /**
   * @throws CodedError `store-damaged` for a file whose length or name does not fit
   */
  constructor(directory: string, fileBytes: number) {
    this.directory = directory;
    this.fileBytes = fileBytes;
    if (existsSync(directory)) this.#load();
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
    return this.#unsynced.size > 0;
  }

  /** Start of the file that holds `position`. */
  startOf(position: number): number {
    return position - (position % this.fileBytes);
  }

  /** Writes through to the file (the page cache); the bytes must lie within one file, which is made if missing. */
  write(position: number, bytes: Buffer, from = 0, to = bytes.length): void {
    const start = this.startOf(position);
    const file = this.#open.get(start) ?? this.#openForWriting(start);
    this.#unsynced.add(start);
    let at = from;
    while (at < to) at += writeSync(file, bytes, at, to - at, position - start + at - from);
  }

  /** Up to `sizeBytes` from `position`, never past the end of its file; empty where there is no file. */
  async read(position: number, sizeBytes: number): Promise<Buffer> {
    const start = this.startOf(position);
    if (!this.#starts.includes(start)) return Buffer.alloc(0);
    const wanted = Math.min(sizeBytes, start + this.fileBytes - position);
    const bytes = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await this.#using(start, (file) => readAsync(file, bytes, 0, wanted, position - start));
    return bytesRead === wanted ? bytes : bytes.subarray(0, bytesRead);
  }

  /** Everything written before the call is on disk when it resolves; one at a time, so that none vouches for another's. */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing.catch(() => undefined);
    this.#syncing = this.#syncUnsynced().finally(() => (this.#syncing = undefined));
    await this.#syncing;
  }

  async #syncUnsynced(): Promise<void> {
    const starts = [...this.#unsynced];
    this.#unsynced.clear();
    try {
      await Promise.all(starts.map((start) => this.#using(start, (file) => fdatasyncAsync(file))));
    } catch (error) {
      for (const start of starts) this.#unsynced.add(start);
      throw error;
    }
  }

  /** Bytes from `position` on read as zero afterwards; files that lie wholly behind it are removed. */
  truncate(position: number): void {
    for (const start of this.#starts.filter(
      (start) => start > position || (start === position && start !== this.start),
    )) {
      this.#remove(start);
    }
    const last = this.#starts.at(-1);
    if (last === undefined || position >= last + this.fileBytes) return;
    const file = this.#fileAt(last);
    ftruncateSync(file, Math.max(position - last, 0));
    ftruncateSync(file, this.fileBytes);
    this.#unsynced.add(last);
  }

  /** Frees the handles of files, after what is under way; they are opened again when needed. */
  release(): void {
    this.#toClose.push(...this.#open.values());
    this.#open.clear();
    this.#closeIdle();
  }

  removeAll(): void {
    this.release();
    this.#starts = [];
    this.#unsynced.clear();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #using<T>(start: number, work: (file: number) => Promise<T>): Promise<T> {
    const file = this.#fileAt(start);
    this.#busy += 1;
    try {
      return await work(file);
    } finally {
      this.#busy -= 1;
      this.#closeIdle();
    }
  }

  #closeIdle(): void {
    if (this.#busy > 0) return;
    for (const file of this.#toClose.splice(0)) closeSync(file);
  }

  #load(): void {
    for (const name of readdirSync(this.directory)) {
      const path = join(this.directory, name);
      const start = Number(name);
      if (!/^\d{20}$/.test(name) || start % this.fileBytes !== 0) {
        throw new CodedError('store-damaged', { path, reason: `the name is no multiple of ${this.fileBytes}` });
      }
      const { size } = statSync(path);
      if (size === 0) unlinkSync(path);
      else if (size !== this.fileBytes) {
        throw new CodedError('store-damaged', { path, reason: `it has ${size} bytes instead of ${this.fileBytes}` });
      } else this.#starts.push(start);
    }
    this.#starts.sort((a, b) => a - b);
  }

  #openForWriting(start: number): number {
    if (this.#starts.includes(start)) return this.#fileAt(start);
    mkdirSync(this.directory, { recursive: true });
    const file = openSync(this.#path(start), 'w+');
    ftruncateSync(file, this.fileBytes);
    this.#open.set(start, file);
    this.#starts.push(start);
    this.#starts.sort((a, b) => a - b);
    return file;
  }

  #fileAt(start: number): number {
    const open = this.#open.get(start);
    if (open !== undefined) return open;
    const file = openSync(this.#path(start), 'r+');
    this.#open.set(start, file);
    return file;
  }

  #remove(start: number): void {
    const file = this.#open.get(start);
    if (file !== undefined) this.#toClose.push(file);
    this.#closeIdle();
    this.#open.delete(start);
    this.#unsynced.delete(start);
    this.#starts = this.#starts.filter((other) => other !== start);
    unlinkSync(this.#path(start));
  }

  #path(start: number): string {
    return join(this.directory, String(start).padStart(20, '0'));
  }
}
