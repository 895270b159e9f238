import type { Clock } from '../../base/clock.ts';
import type { Peer } from '../../remoting/peer.ts';

export interface DecisionCacheOptions {
  readonly clock: Clock;
  readonly maxCount: number;
  readonly expireMs: number;
}

interface Decision {
  readonly refusal: string | undefined;
  readonly untilMs: number;
}

/**
 * What was decided for a connection counts for a while without being asked again.
 * Source: StatefulAuthenticationStrategy.java, StatefulAuthorizationStrategy.java.
 */
export class DecisionCache {
  readonly #options: DecisionCacheOptions;
  readonly #decisions = new Map<string, Decision>();
  readonly #connectionIds = new WeakMap<Peer, number>();
  #lastId = 0;

  constructor(options: DecisionCacheOptions) {
    this.#options = options;
  }

  get(connection: Peer, question: string, decide: () => string | undefined): string | undefined {
    const { clock, maxCount, expireMs } = this.#options;
    const key = `${this.#idOf(connection)}#${question}`;
    const known = this.#decisions.get(key);
    if (known !== undefined && known.untilMs > clock.now()) return known.refusal;
    const refusal = decide();
    this.#decisions.delete(key);
    this.#decisions.set(key, { refusal, untilMs: clock.now() + expireMs });
    // The oldest goes first: a Map keeps the order in which its keys came.
    for (const oldest of this.#decisions.keys()) {
      if (this.#decisions.size <= maxCount) break;
      this.#decisions.delete(oldest);
    }
    return refusal;
  }

  #idOf(connection: Peer): number {
    const known = this.#connectionIds.get(connection);
    if (known !== undefined) return known;
    this.#lastId += 1;
    this.#connectionIds.set(connection, this.#lastId);
    return this.#lastId;
  }
}
