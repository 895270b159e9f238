import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError, errorText, systemErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

export interface ConfigFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What to write, asked for when it is written. */
  readonly content: () => Buffer;
  /** How long `saveLater` waits and gathers. */
  readonly delayMs?: number;
}

/**
 * One of the JSON files under `<store>/config`, with the last version but one beside it as `.bak`. At every moment
 * one of the two is whole: the new text is written apart and then renamed. Source: ConfigManager.java.
 */
export class ConfigFile implements Disposable {
  readonly #options: ConfigFileOptions;
  #timer: Disposable | undefined;

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

  /** Writes at once. A disk that refuses is logged, and tried again with the next change. */
  save(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const { path: file, content, logger } = this.#options;
    try {
      const fresh = `${file}.tmp`;
      writeFileSync(fresh, content());
      try {
        renameSync(file, `${file}.bak`);
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') throw error;
      }
      renameSync(fresh, file);
    } catch (error) {
      logger.error(`${file} cannot be written`, error);
    }
  }

  saveLater(): void {
    this.#timer ??= this.#options.clock.after(this.#options.delayMs ?? 1000, () => this.save());
  }

  /** Writes what waits. */
  dispose(): void {
    if (this.#timer !== undefined) this.save();
  }
}
