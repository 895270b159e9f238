import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { systemErrorCode } from '../../base/errors.ts';

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 200;

/** The last lines of a log, and what is written to it after that. */
export class NodeLog {
  readonly #file: string;
  #positionBytes = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Undefined when there is no log. The lines end as they do in the file. */
  lastLines(count: number): string | undefined {
    return this.#open((handle, sizeBytes) => {
      this.#positionBytes = sizeBytes;
      let text = Buffer.alloc(0);
      for (let at = sizeBytes; at > 0;) {
        const bytes = Math.min(CHUNK_BYTES, at);
        at -= bytes;
        text = Buffer.concat([readAt(handle, at, bytes), text]);
        const start = startOfLast(text, count);
        if (start !== undefined) return text.subarray(start).toString();
      }
      return text.toString();
    });
  }

  /** Writes what is new until the end of this process. A file that became shorter was begun anew. */
  follow(clock: Clock, write: (bytes: Buffer) => void): void {
    clock.every(POLL_MS, () => {
      const news = this.#open((handle, sizeBytes) => {
        if (sizeBytes < this.#positionBytes) this.#positionBytes = 0;
        const bytes = Math.min(sizeBytes - this.#positionBytes, 16 * CHUNK_BYTES);
        const text = readAt(handle, this.#positionBytes, bytes);
        this.#positionBytes += text.length;
        return text;
      });
      if (news !== undefined && news.length > 0) write(news);
    });
  }

  #open<T>(read: (handle: number, sizeBytes: number) => T): T | undefined {
    let handle: number;
    try {
      handle = openSync(this.#file, 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return read(handle, fstatSync(handle).size);
    } finally {
      closeSync(handle);
    }
  }
}

/** Where the last `count` lines begin; undefined when that may be before the text. */
function startOfLast(text: Buffer, count: number): number | undefined {
  let at = text.at(-1) === 0x0a ? text.length - 1 : text.length;
  for (let lines = 0; lines < count; lines += 1) {
    at = at === 0 ? -1 : text.lastIndexOf(0x0a, at - 1);
    if (at < 0) return undefined;
  }
  return at + 1;
}

function readAt(handle: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(handle, bytes, 0, length, position));
}
