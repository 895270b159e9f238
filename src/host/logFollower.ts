import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { systemErrorCode } from '../base/errors.ts';

const PERIOD_MS = 500;

export interface LogFollowerOptions {
  readonly file: string;
  /** How much of the end is kept; what is older goes, a whole line at a time. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Keeps the end of a file that grows: reads only what was added, and begins anew when it is replaced or cut. */
export class LogFollower implements Disposable {
  readonly #options: LogFollowerOptions;
  readonly #timer: Disposable;
  readonly #changes = new Emitter<undefined>();
  readonly onChange = this.#changes.event;
  #text = '';
  #problem: unknown;
  #inode = 0;
  #position = 0;
  #decoder = new StringDecoder('utf8');
  #reading: Promise<void> | undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#timer = options.clock.every(PERIOD_MS, () => void this.poll());
  }

  /** The end of the file as of the last look; empty while there is no file. */
  get text(): string {
    return this.#text;
  }

  /** Why the file could not be read at the last look; the text is what it was before. */
  get problem(): unknown {
    return this.#problem;
  }

  /** Looks at the file now. Looks do not overlap. */
  poll(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  dispose(): void {
    this.#timer.dispose();
    this.#changes.dispose();
  }

  async #read(): Promise<void> {
    const before = this.#text;
    const problemBefore = this.#problem;
    let handle: FileHandle | undefined;
    this.#problem = undefined;
    try {
      handle = await open(this.#options.file, 'r');
      await this.#readAdded(handle);
    } catch (error) {
      // Whatever comes is read from its beginning; what was read stays in view while the file is there.
      this.#restart(0, 0);
      if (systemErrorCode(error) !== 'ENOENT') {
        this.#text = before;
        this.#problem = error;
      }
    } finally {
      await handle?.close();
    }
    if (this.#text !== before || String(this.#problem) !== String(problemBefore)) this.#changes.fire(undefined);
  }

  async #readAdded(handle: FileHandle): Promise<void> {
    const { maxBytes } = this.#options;
    const { size, ino } = await handle.stat();
    if (ino !== this.#inode || size < this.#position) this.#restart(ino, 0);
    if (size - this.#position > maxBytes) this.#restart(ino, size - maxBytes);
    const startsInTheMiddle = this.#position > 0 && this.#text === '';
    const buffer = Buffer.alloc(size - this.#position);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#position);
    this.#position += bytesRead;
    const text = this.#text + this.#decoder.write(buffer.subarray(0, bytesRead));
    this.#text = startsInTheMiddle || text.length > maxBytes ? wholeLines(text.slice(-maxBytes)) : text;
  }

  #restart(inode: number, position: number): void {
    this.#text = '';
    this.#inode = inode;
    this.#position = position;
    this.#decoder = new StringDecoder('utf8');
  }
}

function wholeLines(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}
