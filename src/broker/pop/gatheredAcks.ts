import { Deferred } from '../../base/deferred.ts';
import { popKey } from '../../protocol/popRecord.ts';
import type { PopAck } from '../../protocol/popRecord.ts';

/** No pop gives out more of one queue. */
const MAX_OFFSETS = 32;

interface Gathered {
  readonly ack: PopAck & { readonly offsets: number[] };
  readonly reviveQueueId: number;
  readonly reviveTime: number;
  readonly isWritten: Deferred<void>;
}

/**
 * Acknowledgements that come within one turn of the event loop are written at its end: those of one pop in one record,
 * as Apache's broker writes those of one request. Clients acknowledge each message by a call of its own, and each record
 * takes a place in the log, in the timers and again in the revive log.
 */
export class GatheredAcks {
  readonly #write: (ack: PopAck, reviveQueueId: number, reviveTime: number) => Promise<void>;
  #gathered = new Map<string, Gathered>();

  /** @param write resolves when the record is in the files */
  constructor(write: (ack: PopAck, reviveQueueId: number, reviveTime: number) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when it is in the files. Rejects as `write`. */
  async add(ack: PopAck, reviveQueueId: number, reviveTime: number): Promise<void> {
    const key = `${popKey(ack)}@${reviveQueueId}@${reviveTime}`;
    let found = this.#gathered.get(key);
    if (found === undefined || found.ack.offsets.length + ack.offsets.length > MAX_OFFSETS) {
      if (this.#gathered.size === 0) setImmediate(this.writeNow);
      // The one that is full goes first.
      if (found !== undefined) this.writeNow();
      found = { ack: { ...ack, offsets: [] }, reviveQueueId, reviveTime, isWritten: new Deferred() };
      this.#gathered.set(key, found);
    }
    for (const offset of ack.offsets) if (!found.ack.offsets.includes(offset)) found.ack.offsets.push(offset);
    await found.isWritten.promise;
  }

  /** Does not wait for the end of the turn. */
  readonly writeNow = (): void => {
    const gathered = this.#gathered;
    this.#gathered = new Map();
    for (const { ack, reviveQueueId, reviveTime, isWritten } of gathered.values()) {
      this.#write(ack, reviveQueueId, reviveTime).then(isWritten.resolve, isWritten.reject);
    }
  };
}
