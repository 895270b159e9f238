import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConsumeQueue } from './consumeQueue.ts';

/** All consume queues: `<directory>/<topic>/<queueId>/`. */
export class QueueTable {
  readonly #directory: string;
  readonly #fileBytes: number;
  #topics = new Map<string, Map<number, ConsumeQueue>>();

  constructor(directory: string, fileBytes: number) {
    this.#directory = directory;
    this.#fileBytes = fileBytes;
  }

  /** Opens what the directory holds; see ConsumeQueue.load for the bounds. */
  async load(logStart: number, logEnd: number): Promise<void> {
    if (!existsSync(this.#directory)) return;
    for (const topic of readdirSync(this.#directory)) {
      for (const name of readdirSync(join(this.#directory, topic))) {
        if (!/^\d+$/.test(name)) continue;
        const queue = this.obtain(topic, Number(name));
        await queue.load(logStart, logEnd);
        queue.files.release();
      }
    }
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
      queue = new ConsumeQueue(topic, queueId, join(this.#directory, topic, String(queueId)), this.#fileBytes);
      queues.set(queueId, queue);
    }
    return queue;
  }

  *all(): Iterable<ConsumeQueue> {
    for (const queues of this.#topics.values()) yield* queues.values();
  }

  deleteTopic(topic: string): void {
    for (const queue of this.#topics.get(topic)?.values() ?? []) queue.files.removeAll();
    if (this.#topics.delete(topic)) rmSync(join(this.#directory, topic), { recursive: true, force: true });
  }

  release(): void {
    for (const queue of this.all()) queue.release();
  }
}
