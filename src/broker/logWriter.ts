import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Disposable } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { makeDirectories } from './makeDirectories.ts';

type Level = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Lines in the form of Apache's logs: `2026-11-22 21:20:06,123 INFO main - text`, in local time. */
export function lineLogger(write: (line: string) => void, now: () => number, verbose = false): Logger {
  const log = (level: Level, text: string): void => write(`${timeText(now())} ${level} main - ${text}\n`);
  return {
    debug: verbose ? (text) => log('DEBUG', text) : () => undefined,
    info: (text) => log('INFO', text),
    warn: (text) => log('WARN', text),
    error: (text, error) => log('ERROR', error === undefined ? text : `${text}: ${detail(error)}`),
  };
}

/**
 * A file of at most `maxBytes`; the one before it is kept as `<file>.1`. What cannot be written, as on a full disk, is
 * lost without an error, since nobody may fail for want of a log; how many lines that were is said when it works again.
 */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  #handle: number | undefined;
  #sizeBytes = 0;
  #lostLines = 0;

  /** @throws Error of the file system */
  constructor(file: string, maxBytes: number = 10 * 1024 * 1024) {
    this.#path = file;
    this.#maxBytes = maxBytes;
    makeDirectories(path.dirname(path.resolve(file)));
    this.#open();
  }

  readonly write = (line: string): void => {
    const lost = this.#lostLines;
    try {
      this.#append(lost === 0 ? line : `(${lost} lines before this could not be written)\n${line}`);
      this.#lostLines = 0;
    } catch {
      this.#lostLines = lost + 1;
    }
  };

  dispose(): void {
    this.#close();
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    const handle =
      this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#maxBytes ? this.#rotate() : this.#open();
    this.#sizeBytes += writeSync(handle, bytes);
  }

  /** Closed first: Windows renames no open file. */
  #rotate(): number {
    this.#close();
    if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.1`);
    return this.#open();
  }

  #open(): number {
    if (this.#handle !== undefined) return this.#handle;
    this.#handle = openSync(this.#path, 'a');
    this.#sizeBytes = fstatSync(this.#handle).size;
    return this.#handle;
  }

  #close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}

function timeText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function detail(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : errorText(error);
}
