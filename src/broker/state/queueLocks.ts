import type { Clock } from '../../base/clock.ts';
import type { MessageQueue } from '../../protocol/bodies/topic.ts';

/** A lock that its owner did not refresh for this long is free. Source: RebalanceLockManager.java. */
const EXPIRES_MS = 60_000;

interface Lock {
  readonly clientId: string;
  readonly refreshedMs: number;
}

/** Which client of a group may consume a queue in order; memory only. Broker sheet §10. */
export class QueueLocks {
  readonly #groups = new Map<string, Map<string, Lock>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes or refreshes what is free, expired or the client's own. @returns the queues that it holds now */
  lock(group: string, clientId: string, queues: readonly MessageQueue[]): MessageQueue[] {
    let locks = this.#groups.get(group);
    if (locks === undefined) this.#groups.set(group, (locks = new Map<string, Lock>()));
    const now = this.#clock.now();
    const granted: MessageQueue[] = [];
    for (const queue of queues) {
      const held = locks.get(keyOf(queue));
      if (held !== undefined && held.clientId !== clientId && now - held.refreshedMs <= EXPIRES_MS) continue;
      locks.set(keyOf(queue), { clientId, refreshedMs: now });
      granted.push(queue);
    }
    return granted;
  }

  /** Only the owner can give a queue back. */
  unlock(group: string, clientId: string, queues: readonly MessageQueue[]): void {
    const locks = this.#groups.get(group);
    if (locks === undefined) return;
    for (const queue of queues) {
      if (locks.get(keyOf(queue))?.clientId === clientId) locks.delete(keyOf(queue));
    }
    if (locks.size === 0) this.#groups.delete(group);
  }

  /** True while the group consumes in order somewhere. */
  isHeld(group: string): boolean {
    const now = this.#clock.now();
    for (const lock of this.#groups.get(group)?.values() ?? []) if (now - lock.refreshedMs <= EXPIRES_MS) return true;
    return false;
  }
}

function keyOf({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}@${brokerName}@${queueId}`;
}
