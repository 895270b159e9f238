import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeMessages } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { PopTag, decodeAck, decodeCheckPoint, popKey, reviveTimeOf } from '../../protocol/popRecord.ts';
import type { PopCheckPoint } from '../../protocol/popRecord.ts';
import type { ConsumerOffsets } from '../state/consumerOffsets.ts';
import type { MessageStore } from '../store/messageStore.ts';

/** Whose offset in the revive log says how far it is done: the last record, not the next. Source: PopAckConstants.java. */
const REVIVE_GROUP = 'CID_RMQ_SYS_REVIVE_GROUP';

/** How long an acknowledgement may come late. Source: PopReviveService.java, mergeAndRevive. */
const LATE_ACK_MS = 2000;
/** After a read or an append that failed, such as with a full store. */
const RETRY_MS = 5000;
/** While the timers have not delivered yet what is due. */
const TIMERS_BEHIND_MS = 100;
/** Pops whose acknowledgements may wait for their check point, and how many of each: a pop has no more. */
const MAX_EARLY = 2000;
const MAX_OFFSETS = 32;
const BATCH_MESSAGES = 32;
const BATCH_BYTES = 256 * 1024;

export interface ReviverOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageStore;
  readonly offsets: ConsumerOffsets;
  /** The revive log. */
  readonly topic: string;
  readonly queueId: number;
  readonly brokerName: string;
  /** Has every timer delivered that was due by then? */
  readonly timersDelivered: (untilMs: number) => boolean;
  /** Makes the group get the message again. Errors as `MessageStore.append`. */
  readonly revive: (point: PopCheckPoint, offset: number) => Promise<void>;
}

interface Pending {
  readonly point: PopCheckPoint;
  readonly reviveOffset: number;
  /** Messages that were neither acknowledged nor revived yet. */
  readonly left: Set<number>;
}

/**
 * Reads a queue of the revive log in order, pairs check points with acknowledgements, and makes what was not
 * acknowledged come again. A check point is decided when everything is read that was due two seconds after it.
 * Source: PopReviveService.java; broker sheet §12.3.
 */
export class Reviver implements Disposable {
  readonly #options: ReviverOptions;
  /** In the order of the log. */
  readonly #pending = new Map<string, Pending>();
  /**
   * Acknowledgements without a check point yet: one that comes late is written at once, and may be there before the
   * check point that a slow timer still has. Apache's broker drops them.
   */
  readonly #early = new Map<string, number[]>();
  /** Of the next record to read. */
  #next = 0;
  /** The latest moment for which a record was due that is read. */
  #seenMs = 0;
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: ReviverOptions) {
    this.#options = options;
  }

  start(): void {
    const { offsets, topic, queueId } = this.#options;
    this.#next = (offsets.committed(REVIVE_GROUP, topic, queueId) ?? -1) + 1;
    this.run();
  }

  /** Looks now: something arrived, or something is due. */
  run(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#running = this.#work()
      .catch((error: unknown) => {
        const { logger, queueId } = this.#options;
        logger.error(`queue ${queueId} of the revive log rests for ${RETRY_MS} ms: ${errorText(error)}`);
        return RETRY_MS;
      })
      .then((restMs) => {
        this.#running = undefined;
        if (this.#again) this.run();
        else if (restMs !== undefined && !this.#stopped) {
          this.#timer = this.#options.clock.after(restMs, () => this.run());
        }
      });
  }

  /** Settles with the step under way; undefined while there is none. */
  get running(): Promise<unknown> | undefined {
    return this.#running;
  }

  /** Waits for the step under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.dispose();
    await this.#running;
  }

  dispose(): void {
    void this.stop();
  }

  /** @returns how long to rest, or undefined when the next record is what to wait for */
  async #work(): Promise<number | undefined> {
    while (!this.#stopped) {
      const restMs = await this.#decideHeads();
      if (this.#isAtEnd()) return restMs;
      await this.#readOn();
      await nextTurn();
    }
    return undefined;
  }

  #isAtEnd(): boolean {
    const { store, topic, queueId } = this.#options;
    return this.#next >= store.maxOffset(topic, queueId);
  }

  async #decideHeads(): Promise<number | undefined> {
    for (const [key, head] of this.#pending) {
      if (this.#stopped) return undefined;
      const restMs = this.#untilDecided(head);
      if (restMs > 0) return restMs;
      for (const offset of [...head.left]) {
        await this.#options.revive(head.point, offset);
        head.left.delete(offset);
      }
      this.#pending.delete(key);
      const { offsets, topic, queueId } = this.#options;
      offsets.commit(REVIVE_GROUP, topic, queueId, head.reviveOffset);
    }
    return undefined;
  }

  /** 0 when no acknowledgement can come any more that counts. */
  #untilDecided({ point, left }: Pending): number {
    if (left.size === 0) return 0;
    const { clock, timersDelivered } = this.#options;
    const decidedMs = reviveTimeOf(point) + LATE_ACK_MS;
    if (this.#seenMs > decidedMs) return 0;
    const now = clock.now();
    if (now <= decidedMs) return decidedMs - now + 1;
    return this.#isAtEnd() && timersDelivered(reviveTimeOf(point)) ? 0 : TIMERS_BEHIND_MS;
  }

  async #readOn(): Promise<void> {
    const { store, topic, queueId, logger } = this.#options;
    const { status, records, nextBeginOffset } = await store.read({
      topic,
      queueId,
      offset: this.#next,
      maxMessages: BATCH_MESSAGES,
      maxBytes: BATCH_BYTES,
    });
    if (status !== 'found') logger.warn(`queue ${queueId} of the revive log has no record ${this.#next}: ${status}`);
    for (const piece of records) for (const message of decodeMessages(piece)) this.#take(message);
    this.#next = nextBeginOffset;
  }

  #take(message: StoredMessage): void {
    const { logger, clock } = this.#options;
    try {
      const tag = propertyOf(message.properties, PropertyName.TAGS);
      if (tag === PopTag.CHECK_POINT) this.#takeCheckPoint(message);
      else if (tag === PopTag.ACK || tag === PopTag.BATCH_ACK) this.#takeAck(message);
    } catch (error) {
      logger.warn(`the record at ${message.physicalOffset} of the revive log is unreadable: ${errorText(error)}`);
    }
    const dueMs = Number(propertyOf(message.properties, PropertyName.TIMER_DELIVER_MS) ?? 0);
    this.#seenMs = Math.max(this.#seenMs, Math.min(dueMs, clock.now()));
  }

  #takeCheckPoint({ body, queueOffset }: StoredMessage): void {
    const point = decodeCheckPoint(body);
    if (point.topic === '' || point.group === '') return;
    const key = popKey(point);
    const acked = this.#early.get(key) ?? [];
    this.#early.delete(key);
    const left = new Set(point.offsets.filter((offset) => !acked.includes(offset)));
    this.#pending.set(key, { point, reviveOffset: queueOffset, left });
  }

  #takeAck({ body }: StoredMessage): void {
    const ack = decodeAck(body);
    // Acknowledgements from memory name no broker: they are of this one.
    const brokerName = ack.brokerName === '' ? this.#options.brokerName : ack.brokerName;
    const key = popKey({ ...ack, brokerName });
    const left = this.#pending.get(key)?.left;
    for (const offset of ack.offsets) left?.delete(offset);
    if (left === undefined) this.#keepEarly(key, ack.offsets);
  }
  #keepEarly(key: string, offsets: readonly number[]): void {
    this.#early.set(key, [...(this.#early.get(key) ?? []), ...offsets].slice(-MAX_OFFSETS));
    if (this.#early.size <= MAX_EARLY) return;
    for (const oldest of this.#early.keys()) {
      this.#early.delete(oldest);
      return;
    }
  }
}
