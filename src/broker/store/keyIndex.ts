import { asError } from '../../base/errors.ts';
import { readdirSync, rmSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { javaHash, javaHashOn } from '../../protocol/filter/tag.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import { IndexFile } from './indexFile.ts';
import type { IndexGeometry } from './indexFormat.ts';

export interface IndexedMessage {
  readonly topic: string;
  readonly properties: string;
  readonly sysFlag: number;
  readonly storeTimestamp: number;
}

/** What a key is: one of KEYS, the unique key, or the tags. Source: MessageConst.java, INDEX_KEY_TYPE and others. */
export type KeyType = 'K' | 'U' | 'T';

export interface KeyQuery {
  readonly topic: string;
  readonly key: string;
  readonly type: KeyType;
  /** Store times, both included. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Finds messages by unique key, by each of their KEYS and by tags, in the files of Apache's broker: `index/<time>`.
 * Source: IndexService.java; remoting sheet §4.10.
 */
export class KeyIndex {
  readonly #directory: string;
  readonly #geometry: IndexGeometry;
  readonly #clock: Clock;
  /** Oldest first; the last one grows. */
  readonly #files: IndexFile[] = [];
  #unfinished: IndexFile[] = [];
  #finishedTimestamp = 0;
  #lastTopic = '';
  #lastTopicHash = javaHash('#');
  /** Why entries are missing. From then on nothing is added, and `sync` says why, until the store is opened again. */
  #failure: Error | undefined;

  constructor(directory: string, geometry: IndexGeometry, clock: Clock) {
    this.#directory = directory;
    this.#geometry = geometry;
    this.#clock = clock;
  }

  /** Opens what the directory holds. After a crash files that are newer than `finishedTimestamp` are repaired. */
  async load(options: { readonly crashed: boolean; readonly finishedTimestamp: number }): Promise<void> {
    this.#finishedTimestamp = options.finishedTimestamp;
    const names = indexNames(this.#directory);
    for (const name of names) {
      const path = join(this.#directory, name);
      const file = IndexFile.open(path, this.#geometry);
      if (file === undefined) {
        this.#removeFrom(name);
        return;
      }
      this.#files.push(file);
      const isLast = name === names.at(-1);
      const isFinished = !isLast && file.isFull && file.endTimestamp <= options.finishedTimestamp;
      if (!file.wasCut && (!options.crashed || isFinished)) continue;
      if (!(await file.repair())) {
        this.#removeBehind(name);
        return;
      }
      if (isLast) return;
      if (!file.isFull) {
        this.#removeBehind(name);
        return;
      }
      this.#unfinished.push(file);
    }
  }

  /** Commit-log offset of the newest message with an entry; -1 when there is none. */
  get endOffset(): number {
    return this.#newest()?.endOffset ?? -1;
  }

  get endTimestamp(): number {
    return this.#newest()?.endTimestamp ?? 0;
  }

  /** Up to this time the files are finished: a crash leaves them whole. */
  get finishedTimestamp(): number {
    return this.#finishedTimestamp;
  }

  /** Adds the keys of a message that is in the log. Never throws: see `sync`. */
  put(message: IndexedMessage, physicalOffset: number): void {
    if (this.#failure !== undefined) return;
    if ((message.sysFlag & SysFlag.TRANSACTION_MASK) === SysFlag.TRANSACTION_ROLLBACK) return;
    try {
      this.#putKeys(message, physicalOffset);
    } catch (error) {
      this.#failure = asError(error);
    }
  }

  #putKeys({ topic, properties, storeTimestamp }: IndexedMessage, physicalOffset: number): void {
    const prefix = this.#hashOfTopic(topic);
    const uniqueKey = propertyOf(properties, PropertyName.UNIQUE_KEY);
    if (uniqueKey !== undefined) this.#putHash(javaHashOn(prefix, uniqueKey), physicalOffset, storeTimestamp);
    const keys = propertyOf(properties, PropertyName.KEYS);
    if (keys !== undefined) {
      for (const key of keys.split(' ')) {
        if (key !== '') this.#putHash(javaHashOn(prefix, key), physicalOffset, storeTimestamp);
      }
    }
    const tags = propertyOf(properties, PropertyName.TAGS);
    if (tags !== undefined) {
      this.#putHash(javaHashOn(javaHashOn(prefix, 'T#'), tags), physicalOffset, storeTimestamp);
    }
  }

  /** Candidates for a key, newest first: commit-log offsets of its messages and of some that only share its hash. */
  async *offsets({ topic, key, type, begin, end }: KeyQuery): AsyncGenerator<number> {
    const hash = entryHash(javaHash(type === 'T' ? `${topic}#T#${key}` : `${topic}#${key}`));
    for (const file of [...this.#files].reverse()) {
      if (file.mayHold(begin, end)) yield* file.offsets(hash, begin, end);
      if (file.beginTimestamp < begin) return;
    }
  }

  /**
   * Everything that was put is on disk when it resolves.
   * @returns `endOffset` at the moment of the call
   */
  async sync(): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure;
    const { endOffset } = this;
    for (let file = this.#unfinished[0]; file !== undefined; file = this.#unfinished[0]) {
      await file.finish();
      this.#unfinished.shift();
      this.#finishedTimestamp = file.endTimestamp;
    }
    await this.#files.at(-1)?.sync();
    return endOffset;
  }

  /** After the last `sync`: the files are as Apache's broker expects them after a clean stop. */
  async close(): Promise<void> {
    await this.#files.at(-1)?.finish();
  }

  /** Removes files whose messages all lie before a commit-log offset; the last file stays. */
  async removeBefore(offset: number): Promise<void> {
    for (let file = this.#files[0]; this.#files.length > 1 && file !== undefined; file = this.#files[0]) {
      if (file.endOffset >= offset || this.#unfinished.includes(file)) return;
      this.#files.shift();
      await unlink(file.path);
    }
  }

  /** Forgets messages from a commit-log offset on, which the log lost. */
  async truncate(fromOffset: number): Promise<void> {
    while (this.endOffset >= fromOffset) {
      const file = this.#files.at(-1);
      if (file === undefined) return;
      await file.truncate(fromOffset);
      if (!file.isEmpty) return;
      this.#files.pop();
      this.#unfinished = this.#unfinished.filter((other) => other !== file);
      file.remove();
    }
  }

  #newest(): IndexFile | undefined {
    const last = this.#files.at(-1);
    return last?.isEmpty === true ? this.#files.at(-2) : last;
  }

  #hashOfTopic(topic: string): number {
    if (topic !== this.#lastTopic) {
      this.#lastTopic = topic;
      this.#lastTopicHash = javaHash(`${topic}#`);
    }
    return this.#lastTopicHash;
  }

  #putHash(hash: number, physicalOffset: number, storeTimestamp: number): void {
    let file = this.#files.at(-1);
    if (file === undefined || file.isFull) {
      if (file !== undefined) this.#unfinished.push(file);
      file = IndexFile.make(join(this.#directory, this.#nextName()), this.#geometry);
      this.#files.push(file);
    }
    file.put(entryHash(hash), physicalOffset, storeTimestamp);
  }

  /** Names sort by time, also when two files are made in one moment. */
  #nextName(): string {
    const name = timeName(this.#clock.now());
    const last = this.#files.at(-1)?.path.slice(-TIME_DIGITS) ?? '';
    return name > last ? name : String(BigInt(last) + 1n);
  }

  #removeFrom(name: string): void {
    for (const other of indexNames(this.#directory)) if (other >= name) rmSync(join(this.#directory, other));
  }

  #removeBehind(name: string): void {
    for (const other of indexNames(this.#directory)) if (other > name) rmSync(join(this.#directory, other));
  }
}

const TIME_DIGITS = 17;

function indexNames(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d{17}$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** `yyyyMMddHHmmssSSS` in local time. Source: UtilAll.timeMillisToHumanString. */
function timeName(time: number): string {
  const date = new Date(time);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  return (
    `${date.getFullYear()}${pad(date.getMonth() + 1)}${pad(date.getDate())}` +
    `${pad(date.getHours())}${pad(date.getMinutes())}${pad(date.getSeconds())}${pad(date.getMilliseconds(), 3)}`
  );
}

/** Source: IndexFile.indexKeyHashMethod. */
function entryHash(hash: number): number {
  const positive = Math.abs(hash);
  return positive > 0x7fffffff ? 0 : positive;
}
