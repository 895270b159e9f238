import { decodeMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import type { Flusher } from './flusher.ts';
import type { KeyIndex } from './keyIndex.ts';
import type { QueueTable } from './queueTable.ts';

/** What removes files: one after the other, and over before the store closes. */
export class Removals {
  readonly #options: RemovalsOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** Resolves, never rejects, when all that began before is over. */
  get settled(): Promise<unknown> {
    return this.#last;
  }

  /** See MessageStore.removeOldFiles. */
  removeOldFiles(maxFiles: number, isExpired: (file: OldFile) => boolean): Promise<number> {
    return this.#inTurn(async () => {
      const { log, queues, index, flusher } = this.#options;
      let removed = 0;
      for (; removed < maxFiles; removed += 1) {
        const next = log.files.starts[1];
        if (next === undefined || next >= log.end) break;
        const record = await log.record(next);
        const endedAtMs = record === undefined ? 0 : decodeMessage(record).storeTimestamp;
        if (!isExpired({ endedAtMs, logBytes: log.end - log.start })) break;
        await log.files.removeFirst();
      }
      if (removed === 0) return 0;
      await queues.followLog(log.start);
      await index?.removeBefore(log.start);
      await flusher.checkpointNow();
      return removed;
    });
  }

  /** See MessageStore.removeExpiredQueues. */
  removeExpiredQueues(isWanted: (topic: string) => boolean): Promise<number> {
    return this.#inTurn(async () => {
      const { log, queues, flusher, writeStaged } = this.#options;
      writeStaged();
      let removed = 0;
      for (const queue of [...queues.all()]) {
        if (!isWanted(queue.topic)) continue;
        const { max } = queue;
        const last = await queue.lastPhysicalOffset();
        const grows = queue.max !== max || queue.waiting > 0 || queue.making !== undefined;
        if (last < 0 || last >= log.start || grows) continue;
        await queues.deleteQueue(queue);
        removed += 1;
      }
      await flusher.checkpointNow();
      return removed;
    });
  }

  /** See MessageStore.deleteTopics. */
  deleteTopics(topics: Iterable<string>, mayGo: (topic: string) => boolean): Promise<void> {
    return this.#inTurn(async () => {
      const { queues, flusher, writeStaged } = this.#options;
      for (const topic of topics) {
        await queues.deleteTopic(topic, () => {
          writeStaged();
          return mayGo(topic);
        });
      }
      await flusher.checkpointNow();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

export interface OldFile {
  /** When the file after it begins. */
  readonly endedAtMs: number;
  /** What the log holds, that file included. */
  readonly logBytes: number;
}

interface RemovalsOptions {
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly index: KeyIndex | undefined;
  readonly flusher: Flusher;
  /** No record that waits to be written may have its place in a queue that goes. */
  readonly writeStaged: () => void;
}
