import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import { decodeMessages } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { TIMER_TOPIC } from '../../protocol/topicName.ts';
import type { Arrival } from '../store/messageToStore.ts';
import { whenOnDisk } from './deliverDue.ts';
import { OpenSlots } from './openSlots.ts';
import { RecentRate } from './recentRate.ts';
import { decodeTimerCheckpoint } from './timerCheckpoint.ts';
import type { TimerCheckpoint } from './timerCheckpoint.ts';
import { TimerDelivery } from './timerDelivery.ts';
import type { TimerDeliveryOptions } from './timerDelivery.ts';
import { TimerStore } from './timerStore.ts';
import type { TimerStoreOptions } from './timerStore.ts';

/** After a put that failed, such as with a full store. */
const RETRY_MS = 1000;
/** How late a message may come in to be kept for the case that its master dies. */
const FOLLOWED_PAST_MS = 3_600_000;
const BATCH_MESSAGES = 32;
const BATCH_BYTES = 256 * 1024;

export type TimerMessagesOptions = TimerStoreOptions & TimerDeliveryOptions;

/**
 * Delivers messages at the moment that they name, where Apache's broker waits until its slot is over. They wait in the
 * timer topic; the wheel says which of them are in a slot, which is looked into one slot ahead, and one timer is set for
 * the next thing to do. Source: TimerMessageStore.java; broker sheet §9.4.
 */
export class TimerMessages implements Disposable {
  readonly #options: TimerMessagesOptions;
  readonly #store: TimerStore;
  readonly #slots: OpenSlots;
  readonly #delivery: TimerDelivery;
  readonly #enqueued: RecentRate;
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  #started = false;
  /** Undefined where this broker delivers; otherwise the time before which the master served all slots. */
  #masterReadMs: number | undefined;
  #stopped = false;

  private constructor(options: TimerMessagesOptions, store: TimerStore) {
    this.#options = options;
    this.#store = store;
    this.#enqueued = new RecentRate(options.clock);
    this.#slots = new OpenSlots(store, options);
    this.#delivery = new TimerDelivery(options, store, this.#slots);
  }

  /** @throws CodedError `store-damaged` */
  static async open(options: TimerMessagesOptions): Promise<TimerMessages> {
    return new TimerMessages(options, await TimerStore.open(options));
  }

  start(): void {
    this.#started = true;
    this.#run();
  }

  /** Takes in what arrives, so that this broker could go on, and delivers nothing: its master does. */
  follow(): void {
    this.#masterReadMs = 0;
    this.start();
  }

  /** How far the master is, as GET_TIMER_CHECK_POINT says it. @throws RangeError */
  followCheckpoint(body: Buffer): void {
    this.#masterReadMs = decodeTimerCheckpoint(body).lastReadTimeMs;
    this.#store.servedBefore(this.#masterReadMs);
  }

  /** How much waits there, as GET_TIMER_METRICS says it. */
  followMetrics(body: Buffer): void {
    this.#options.metrics.takeOver(body);
  }

  wake({ topic }: Arrival): void {
    if (topic === TIMER_TOPIC) this.#run();
  }

  /** Settles with the step under way; undefined while there is none. */
  get running(): Promise<unknown> | undefined {
    return this.#running;
  }

  /** Messages in the wheel. */
  get waiting(): number {
    return this.#store.waiting;
  }

  /** Messages a second that were taken from the timer topic, and that their slots gave back. */
  get rates(): { readonly enqueued: number; readonly dequeued: number } {
    return { enqueued: this.#enqueued.perSecond, dequeued: this.#delivery.perSecond };
  }

  countOf(slotMs: number): number {
    return this.#store.countOf(slotMs);
  }

  /** Is everything in its topic that was due by then? */
  hasDelivered(untilMs: number): boolean {
    if (this.#hasArrivals()) return false;
    const slotMs = this.#store.nextSlot;
    if (slotMs === undefined || slotMs >= untilMs) return true;
    const slot = this.#slots.find(slotMs);
    return slot?.isKnown === true && (slot.nextMs ?? slot.endMs) > untilMs;
  }

  checkpoint(): TimerCheckpoint {
    return this.#store.checkpoint();
  }

  /** The JSON of `config/timermetrics`. */
  metrics(): Buffer {
    return this.#options.metrics.encode();
  }

  /** The topic was deleted: how many of its messages wait is not counted any more. */
  forget(topic: string): void {
    this.#options.metrics.forget(topic);
  }

  /** Waits for the step under way, whose messages are never delivered again, and has everything on disk afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.dispose();
    await this.#running;
    await this.#store.close();
    this.#options.metrics.dispose();
  }

  dispose(): void {
    this.stop().catch((error: unknown) => {
      this.#options.logger.error(`the timers are not all on disk: ${errorText(error)}`);
    });
  }

  #run(): void {
    if (!this.#started || this.#stopped || this.#running !== undefined) return;
    this.#timer?.dispose();
    this.#running = this.#work()
      .then(
        () => this.#nextWakeMs(),
        (error: unknown) => {
          this.#options.logger.error(`the timers stop for ${RETRY_MS} ms: ${errorText(error)}`);
          return this.#options.clock.now() + RETRY_MS;
        },
      )
      .then((wakeMs) => {
        this.#running = undefined;
        if (wakeMs === undefined || this.#stopped) return;
        this.#timer = this.#options.clock.after(Math.max(0, wakeMs - this.#options.clock.now()), () => this.#run());
      });
  }

  #nextWakeMs(): number | undefined {
    if (this.#hasArrivals()) return this.#options.clock.now();
    if (this.#masterReadMs !== undefined) return undefined;
    const slotMs = this.#store.nextSlot;
    if (slotMs === undefined) return undefined;
    const aheadMs = this.#slotAhead();
    const wakeMs = this.#wakeMsOf(slotMs);
    return aheadMs === undefined ? wakeMs : Math.min(wakeMs, this.#wakeMsOf(aheadMs));
  }

  #wakeMsOf(slotMs: number): number {
    const slot = this.#slots.find(slotMs);
    return slot === undefined ? slotMs - this.#options.precisionMs : (slot.nextMs ?? slot.endMs);
  }

  /** The first slot with messages that is not looked into, or the one behind that is due first. */
  #slotAhead(): number | undefined {
    const slotMs = this.#store.nextSlot;
    const isKnown = slotMs !== undefined && this.#slots.find(slotMs)?.isKnown === true;
    return isKnown ? this.#store.slotAfter(slotMs) : slotMs;
  }

  #hasArrivals(): boolean {
    return this.#store.queueOffset < this.#options.messages.maxOffset(TIMER_TOPIC, 0);
  }

  async #work(): Promise<void> {
    while (!this.#stopped && (await this.#step())) await nextTurn();
  }

  /**
   * What is due comes before what arrived, which after a long rest could claim slots that are not served yet.
   * @returns false when there is nothing to do now
   */
  async #step(): Promise<boolean> {
    if (this.#masterReadMs !== undefined) {
      if (this.#hasArrivals()) await this.#takeIn();
      return this.#hasArrivals();
    }
    const nowMs = this.#options.clock.now();
    const slotMs = this.#store.nextSlot;
    if (slotMs !== undefined && slotMs < nowMs) {
      const slot = await this.#slots.obtain(slotMs);
      if (!slot.isKnown) await this.#slots.lookInto(slot, BATCH_MESSAGES);
      else if ((slot.nextMs ?? Infinity) <= nowMs) await this.#delivery.deliverNext(slot, nowMs, BATCH_MESSAGES);
      else if (slot.endMs <= nowMs) this.#delivery.finish(slot);
      else return await this.#prepare();
      return true;
    }
    return await this.#prepare();
  }

  /** Takes in what arrived, and looks into the slot that comes next, a part at a time. */
  async #prepare(): Promise<boolean> {
    const takesIn = this.#hasArrivals();
    if (takesIn) await this.#takeIn();
    const { clock, precisionMs } = this.#options;
    const aheadMs = this.#slotAhead();
    if (aheadMs === undefined || aheadMs > clock.now() + precisionMs) return takesIn;
    const slot = await this.#slots.obtain(aheadMs);
    if (slot.isKnown) return takesIn;
    await this.#slots.lookInto(slot, BATCH_MESSAGES);
    return true;
  }

  async #takeIn(): Promise<void> {
    const offset = this.#store.queueOffset;
    const { records, nextBeginOffset } = await this.#options.messages.read({
      topic: TIMER_TOPIC,
      queueId: 0,
      offset,
      maxMessages: BATCH_MESSAGES,
      maxBytes: BATCH_BYTES,
    });
    let reached = offset;
    let delivers = false;
    try {
      for (const record of records) {
        for (const message of decodeMessages(record)) {
          if (this.#enqueue(message)) delivers = true;
          reached = message.queueOffset + 1;
        }
      }
      reached = nextBeginOffset;
    } finally {
      if (delivers) await whenOnDisk(this.#options.messages);
      this.#store.passed(reached);
    }
  }

  /** @returns whether it is delivered at once */
  #enqueue(message: StoredMessage): boolean {
    const dueMs = Number(propertyOf(message.properties, PropertyName.TIMER_OUT_MS) ?? Number.NaN);
    if (!Number.isSafeInteger(dueMs)) {
      this.#options.logger.warn(`the timer message at ${message.physicalOffset} names no moment and is dropped`);
      return false;
    }
    this.#enqueued.add(1);
    if (this.#masterReadMs !== undefined) {
      // What is long past the master delivered, and a slot of that age may be another's by now.
      const oldestMs = this.#store.writeMs - FOLLOWED_PAST_MS;
      if (dueMs >= Math.max(this.#masterReadMs, oldestMs)) this.#store.enqueue(message, dueMs);
      return false;
    }
    const isMarker = propertyOf(message.properties, PropertyName.TIMER_DELETE_KEY) !== undefined;
    if (dueMs < this.#store.writeMs) {
      if (!isMarker) this.#delivery.deliverAtOnce(message);
      return !isMarker;
    }
    this.#slots.arrived(this.#store.enqueue(message, dueMs));
    this.#options.metrics.count(message, isMarker ? -1 : 1);
    return false;
  }
}
