import { closeSync, open, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openAsync = promisify(open);

/** Of a series; a log may have thousands of files, and who reads through it needs one at a time. */
const MAX_OPEN_FILES = 32;

export interface OpenFile {
  readonly start: number;
  readonly handle: number;
  /** Reads, writes and syncs under way. */
  users: number;
  /** To be closed when nobody uses it. */
  retired: boolean;
}

/** Handles of the files of a series, each by the position of its first byte, opened when they are asked for. */
export class OpenFiles {
  readonly #directory: string;
  readonly #files = new Map<number, OpenFile>();
  /** The file written last: the next bytes most likely go there, and it is not closed in favour of others. */
  writing: OpenFile | undefined;
  #isClosed = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens it at once where it is not open. */
  at(start: number): OpenFile {
    return this.#files.get(start) ?? this.add(start, openSync(pathOf(this.#directory, start), 'r+'));
  }

  /**
   * To be given back, by `using`. Opening may have to wait for the disk.
   * @param isWanted of one that was removed meanwhile what is there is read, but it is not kept
   */
  async borrow(start: number, isWanted: () => boolean): Promise<OpenFile> {
    const known = this.#files.get(start);
    if (known !== undefined) return borrowed(known);
    const handle = await openAsync(pathOf(this.#directory, start), 'r+');
    // Nobody would close it later.
    if (this.#isClosed) return { start, handle, users: 1, retired: true };
    const meanwhile = this.#files.get(start);
    if (meanwhile === undefined) {
      return isWanted() ? borrowed(this.add(start, handle)) : { start, handle, users: 1, retired: true };
    }
    closeSync(handle);
    return borrowed(meanwhile);
  }

  add(start: number, handle: number): OpenFile {
    if (this.#files.size >= MAX_OPEN_FILES) {
      for (const [other, oldest] of this.#files) {
        if (oldest === this.writing) continue;
        this.#files.delete(other);
        retire(oldest);
        break;
      }
    }
    const file = { start, handle, users: 0, retired: false };
    this.#files.set(start, file);
    return file;
  }

  close(start: number): void {
    const file = this.#files.get(start);
    if (file === undefined) return;
    if (file === this.writing) this.writing = undefined;
    this.#files.delete(start);
    retire(file);
  }

  /** All of them, after what is under way; none is kept from now on. */
  closeAll(): void {
    this.#isClosed = true;
    for (const file of this.#files.values()) retire(file);
    this.#files.clear();
    this.writing = undefined;
  }
}

export function pathOf(directory: string, start: number): string {
  return join(directory, String(start).padStart(20, '0'));
}

/** Gives it back when the work is done. */
export async function using<T>(file: OpenFile, work: (handle: number) => Promise<T>): Promise<T> {
  try {
    return await work(file.handle);
  } finally {
    file.users -= 1;
    if (file.retired && file.users === 0) closeSync(file.handle);
  }
}

function borrowed(file: OpenFile): OpenFile {
  file.users += 1;
  return file;
}

function retire(file: OpenFile): void {
  file.retired = true;
  if (file.users === 0) closeSync(file.handle);
}
