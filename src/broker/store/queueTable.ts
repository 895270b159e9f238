import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';
import { nextTurn } from '../../base/nextTurn.ts';
import { ConsumeQueue } from './consumeQueue.ts';
import { EntryPieces } from './entryPieces.ts';
import type { LogBounds } from './queueEnds.ts';
import { ENTRY_BYTES } from './queueEntry.ts';
import type { QueueEntry } from './queueEntry.ts';

/** Queues looked at before others get their turn: each may open a file. */
const QUEUES_AT_ONCE = 8;

/** All consume queues: `consumequeue/<topic>/<queueId>/`. */
export class QueueTable {
  readonly #directory: string;
  /** What is being removed: a rename is quick, however many files there are. */
  readonly #removedDirectory: string;
  readonly #fileBytes: number;
  readonly #pieces = new EntryPieces(ENTRY_BYTES);
  readonly #topics = new Map<string, Map<number, ConsumeQueue>>();
  #bounds: LogBounds = { logStart: 0, safeOffset: 0, crashed: false };
  #entryCount = 0;
  #removals = 0;

  /** @param root directory of the store */
  constructor(root: string, fileBytes: number) {
    this.#directory = join(root, 'consumequeue');
    this.#removedDirectory = join(root, 'removedqueues');
    this.#fileBytes = fileBytes;
  }

  /** Learns which queues there are; each looks at its files when it is used. */
  async load(bounds: LogBounds): Promise<void> {
    await rm(this.#removedDirectory, { recursive: true, force: true });
    this.#bounds = bounds;
    this.#topics.clear();
    for (const topic of foldersIn(this.#directory)) {
      for (const name of foldersIn(join(this.#directory, topic))) {
        if (/^\d+$/.test(name)) this.obtain(topic, Number(name));
      }
    }
  }

  /** Sum of the ends of all queues, as a check of what a crash left. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** Without looking at the queues: what the checkpoint of a clean stop says. */
  trustEntryCount(count: number): void {
    this.#entryCount = count;
  }

  /** Looks at all queues. @returns false when one was cut */
  countEntries(): boolean {
    this.#entryCount = 0;
    let isWhole = true;
    for (const queue of this.all()) {
      isWhole &&= queue.isWhole;
      this.#entryCount += queue.max;
    }
    return isWhole;
  }

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.get(topic)?.get(queueId);
  }

  /** Makes the queue when there is none; its files come with its first entries. */
  obtain(topic: string, queueId: number): ConsumeQueue {
    let queues = this.#topics.get(topic);
    if (queues === undefined) this.#topics.set(topic, (queues = new Map<number, ConsumeQueue>()));
    let queue = queues.get(queueId);
    if (queue === undefined) {
      const directory = join(this.#directory, topic, String(queueId));
      queue = new ConsumeQueue(topic, queueId, {
        directory,
        fileBytes: this.#fileBytes,
        bounds: this.#bounds,
        pieces: this.#pieces,
      });
      queues.set(queueId, queue);
    }
    return queue;
  }

  /** See ConsumeQueue.put. */
  put(queue: ConsumeQueue, offset: number, entry: QueueEntry): void {
    const before = queue.max;
    queue.put(offset, entry);
    this.#entryCount += queue.max - before;
  }

  /** All entries of a queue are on disk when it resolves; of one that was removed meanwhile there is nothing to be had. */
  async toDisk(queue: ConsumeQueue): Promise<void> {
    try {
      for (const end = queue.max; queue.flushed < end && !queue.isRemoved;) {
        await queue.makeFile();
        await queue.flushLater();
      }
      if (!queue.isRemoved) await queue.sync();
    } catch (error) {
      if (!queue.isRemoved) throw error;
    } finally {
      if (queue.isRemoved) queue.release();
    }
  }

  *all(): Iterable<ConsumeQueue> {
    for (const queues of this.#topics.values()) yield* queues.values();
  }

  topics(): Iterable<string> {
    return this.#topics.keys();
  }

  /**
   * The queues are gone all at once, when no file of theirs is being made, and the files when it resolves.
   * @param mayGo called before they go, or stay; nothing comes between
   */
  async deleteTopic(topic: string, mayGo: () => boolean = () => true): Promise<void> {
    const queues = this.#topics.get(topic);
    if (queues === undefined) return;
    for (let making = makingOf(queues); making !== undefined; making = makingOf(queues)) await making;
    if (!mayGo()) return;
    this.#topics.delete(topic);
    for (const queue of queues.values()) this.#drop(queue);
    await this.#removeFolder(join(this.#directory, topic));
  }

  /** It is gone when it returns, its files when it resolves; not while a file of it is being made. */
  async deleteQueue(queue: ConsumeQueue): Promise<void> {
    const queues = this.#topics.get(queue.topic);
    if (queues?.get(queue.queueId) !== queue || queue.making !== undefined) return;
    if (queues.size === 1) {
      await this.deleteTopic(queue.topic);
      return;
    }
    queues.delete(queue.queueId);
    this.#drop(queue);
    await this.#removeFolder(join(this.#directory, queue.topic, String(queue.queueId)));
  }

  /** After the log lost its front. */
  async followLog(logStart: number): Promise<void> {
    this.#bounds.logStart = logStart;
    for (const [place, queue] of [...this.all()].entries()) {
      await queue.followLog();
      if (place % QUEUES_AT_ONCE === QUEUES_AT_ONCE - 1) await nextTurn();
    }
  }

  release(): void {
    for (const queue of this.all()) queue.release();
  }

  #drop(queue: ConsumeQueue): void {
    this.#entryCount -= queue.max;
    queue.remove();
  }

  async #removeFolder(folder: string): Promise<void> {
    if (!existsSync(folder)) return;
    const away = join(this.#removedDirectory, String((this.#removals += 1)));
    mkdirSync(this.#removedDirectory, { recursive: true });
    renameSync(folder, away);
    await rm(away, { recursive: true, force: true });
  }
}

function makingOf(queues: ReadonlyMap<number, ConsumeQueue>): Promise<void> | undefined {
  for (const { making } of queues.values()) if (making !== undefined) return making;
  return undefined;
}

function foldersIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
