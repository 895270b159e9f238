/**
 * One after the other within a group's queue, as long as that takes; other queues go on meanwhile. Apache's broker
 * passes over a queue that another pop works on; here it waits, since that is over within a read of the disk.
 * Source: PopMessageProcessor.java, QueueLockManager.
 */
export class QueueTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Queues that somebody works on or waits for. */
  get size(): number {
    return this.#last.size;
  }

  async take<T>(topic: string, group: string, queueId: number, work: () => T | Promise<T>): Promise<T> {
    const key = `${topic}@${group}@${queueId}`;
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
