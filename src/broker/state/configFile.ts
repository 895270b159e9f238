import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError, errorText, systemErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { nextTurn } from '../../base/nextTurn.ts';
import { syncFile, syncFolder } from '../syncFiles.ts';

/** Windows renames nothing over a file that somebody has open. */
const SYNCS_AT_ONCE = process.platform === 'win32';

export interface ConfigFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What to write, asked for when it is written. */
  readonly content: () => Buffer;
  /** How long `saveLater` waits and gathers. */
  readonly delayMs?: number;
}

/** A text of that size is not written at once: the event loop would wait for the disk. */
const LARGE_BYTES = 64 * 1024;

/**
 * One of the JSON files under `<store>/config`, with an earlier version beside it as `.bak`. At every moment one of the
 * two is whole, also after the machine stopped: the new text is written apart and then renamed, and what is not on disk
 * yet never takes the place of the `.bak`. Source: ConfigManager.java.
 */
export class ConfigFile implements Disposable {
  readonly #options: ConfigFileOptions;
  #timer: Disposable | undefined;
  #sizeBytes = 0;
  /** A large text that is being written. */
  #writing: Deferred<undefined> | undefined;
  /** The next one, which takes in what changes until it begins. */
  #next: Deferred<undefined> | undefined;
  #disposed = false;
  /** The file as it is, not only an earlier one. */
  #isOnDisk = true;
  #saves = 0;
  #syncing: Promise<void> | undefined;

  constructor(options: ConfigFileOptions) {
    this.#options = options;
    mkdirSync(path.dirname(options.path), { recursive: true });
  }

  /**
   * What the file, or else its `.bak`, holds; undefined when there is neither.
   * @throws CodedError `store-damaged` when neither can be read
   */
  load<T>(parse: (content: Buffer) => T): T | undefined {
    const { path: file, logger } = this.#options;
    let problem: unknown;
    for (const candidate of [file, `${file}.bak`]) {
      try {
        const content = readFileSync(candidate);
        if (content.length > 0) {
          const parsed = parse(content);
          this.#sizeBytes = content.length;
          // As Apache does: a torn file must not become the next `.bak`.
          if (problem !== undefined) rmSync(file, { force: true });
          return parsed;
        }
        problem ??= new Error('the file is empty');
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') continue;
        problem ??= error;
      }
      logger.warn(`${candidate} cannot be read: ${errorText(problem)}`);
    }
    if (problem === undefined) return undefined;
    throw new CodedError('store-damaged', { path: file, reason: errorText(problem) }, { cause: problem });
  }

  /**
   * Writes at once, or, when it is large, soon: `saved` tells. A disk that refuses is logged, and tried again with the
   * next change.
   */
  save(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#sizeBytes < LARGE_BYTES && this.saved() === undefined) {
      this.#saveNow('tmp');
      return;
    }
    this.#saveBeside();
  }

  #saveBeside(): void {
    this.#next ??= new Deferred();
    if (this.#writing === undefined) void this.#saveNext();
  }

  /** Resolves when everything that was saved is in the file; undefined when it is. */
  saved(): Promise<unknown> | undefined {
    return (this.#next ?? this.#writing)?.promise;
  }

  /** Resolves when the disk has all that is in the file, or has failed, which is logged. */
  async synced(): Promise<void> {
    await this.#syncing;
  }

  saveLater(): void {
    this.#timer ??= this.#options.clock.after(this.#options.delayMs ?? 1000, () => {
      this.#timer = undefined;
      this.#saveBeside();
    });
  }

  /** Writes what waits. */
  dispose(): void {
    if (this.#disposed || (this.#timer === undefined && this.saved() === undefined)) return;
    this.#disposed = true;
    this.#timer?.dispose();
    // Another name: what is being written may go on for a while.
    this.#saveNow('last');
  }

  #saveNow(ending: string): void {
    const { path: file, logger } = this.#options;
    try {
      const fresh = `${file}.${ending}`;
      writeFileSync(fresh, this.#content(), { flush: SYNCS_AT_ONCE });
      if (this.#isOnDisk) keepAsBackup(file);
      renameSync(fresh, file);
      if (SYNCS_AT_ONCE) return;
      this.#isOnDisk = false;
      this.#saves += 1;
      this.#syncing ??= this.#sync();
    } catch (error) {
      logger.error(`${file} cannot be written`, error);
    }
  }

  async #sync(): Promise<void> {
    const { path: file, logger } = this.#options;
    try {
      for (let synced = -1; synced !== this.#saves;) {
        synced = this.#saves;
        await syncFile(file);
        await syncFolder(path.dirname(file));
      }
      this.#isOnDisk = true;
    } catch (error) {
      // Without its folder there is nothing to keep.
      if (systemErrorCode(error) !== 'ENOENT') logger.error(`${file} is not on disk`, error);
    } finally {
      this.#syncing = undefined;
    }
  }

  async #saveNext(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#writing = next;
      await nextTurn();
      this.#next = undefined;
      try {
        if (!this.#disposed) await this.#write();
      } catch (error) {
        this.#options.logger.error(`${this.#options.path} cannot be written`, error);
      }
      next.resolve(undefined);
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const { path: file } = this.#options;
    const fresh = `${file}.tmp`;
    await writeFile(fresh, this.#content(), { flush: true });
    if (!this.#disposed && this.#isOnDisk) {
      await rename(file, `${file}.bak`).catch((error: unknown) => {
        if (systemErrorCode(error) !== 'ENOENT') throw error;
      });
    }
    if (!this.#disposed) {
      renameSync(fresh, file);
      this.#isOnDisk = true;
      await syncFolder(path.dirname(file));
    } else {
      // What `dispose` wrote is newer; it may have been taken for the old text.
      if (!existsSync(file)) renameSync(`${file}.bak`, file);
      await rm(fresh, { force: true });
    }
  }

  #content(): Buffer {
    const content = this.#options.content();
    this.#sizeBytes = content.length;
    return content;
  }
}

function keepAsBackup(file: string): void {
  try {
    renameSync(file, `${file}.bak`);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
