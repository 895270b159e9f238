import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { MessageToStore } from '../store/messageToStore.ts';
import { deliverDue, whenOnDisk } from './deliverDue.ts';
import type { DeliveryOptions } from './deliverDue.ts';
import { NEVER_ENQUEUED, deleteKey, rolledMessage, wantedDueMessage } from './dueMessage.ts';
import type { WantedOptions } from './dueMessage.ts';
import type { DueSlot } from './dueSlot.ts';
import type { OpenSlots } from './openSlots.ts';
import { RecentRate } from './recentRate.ts';
import { isRolled } from './timerLog.ts';
import type { TimerUnit } from './timerLog.ts';
import type { TimerMetrics } from './timerMetrics.ts';
import type { TimerStore } from './timerStore.ts';

export interface TimerDeliveryOptions extends DeliveryOptions, WantedOptions {
  readonly messages: MessageStore;
  readonly metrics: TimerMetrics;
  /** See `deleteKey`. */
  readonly appendTopicToDeleteKey: boolean;
}

/** Gives a slot's messages back at their time, but those that markers take away. Source: TimerMessageStore.java. */
export class TimerDelivery {
  readonly #options: TimerDeliveryOptions;
  readonly #store: TimerStore;
  readonly #slots: OpenSlots;
  readonly #delivered: RecentRate;

  constructor(options: TimerDeliveryOptions, store: TimerStore, slots: OpenSlots) {
    this.#options = options;
    this.#store = store;
    this.#slots = slots;
    this.#delivered = new RecentRate(options.clock);
  }

  /** Messages that were given back a second. */
  get perSecond(): number {
    return this.#delivered.perSecond;
  }

  /** What of a slot is due, a part at a time, and the end of the slot with the last; they are on disk when it resolves. */
  async deliverNext(slot: DueSlot, nowMs: number, maxMessages: number): Promise<void> {
    const { messages, metrics } = this.#options;
    const units = slot.due(nowMs, maxMessages);
    const due = await this.#slots.read(units);
    this.#deliver(due.map(({ unit, message }) => this.#outcome(unit, message, slot)));
    await whenOnDisk(messages);
    for (const { message } of due) if (!this.#isTaken(message, slot)) metrics.count(message, -1);
    slot.delivered(units.length);
    // Whoever goes on after us must not deliver them again.
    if (slot.endMs <= nowMs && slot.nextMs === undefined) this.finish(slot);
    else this.#store.delivered(units);
  }

  /** A message that was due before it could be put into a slot; it may not be on disk yet. */
  deliverAtOnce(message: StoredMessage): void {
    this.#deliver([wantedDueMessage(this.#options, message, NEVER_ENQUEUED)]);
  }

  /** The time of a slot is over, and nothing of it waits. */
  finish(slot: DueSlot): void {
    for (const marker of slot.markers.values()) this.#options.metrics.count(marker, 1);
    this.#slots.served(slot);
    this.#store.served(slot.startMs);
  }

  #deliver(messages: readonly (MessageToStore | undefined)[]): void {
    const wanted = messages.filter((message) => message !== undefined);
    deliverDue(this.#options, wanted);
    this.#delivered.add(wanted.length);
  }

  /** What becomes of a unit at its time: its message is due, parked anew, or was taken away. */
  #outcome(unit: TimerUnit, message: StoredMessage, slot: DueSlot): MessageToStore | undefined {
    if (isRolled(unit)) {
      return rolledMessage(message, String(unit.writeMs), this.#options.clock.now());
    }
    const key = this.#keyOf(message);
    if (slot.markers.delete(key)) slot.taken.add(key);
    if (this.#isTaken(message, slot)) return undefined;
    return wantedDueMessage(this.#options, message, String(unit.writeMs));
  }

  #isTaken(message: StoredMessage, slot: DueSlot): boolean {
    return slot.taken.size > 0 && slot.taken.has(this.#keyOf(message));
  }

  #keyOf({ properties }: StoredMessage): string {
    return deleteKey(
      propertyOf(properties, PropertyName.REAL_TOPIC) ?? '',
      propertyOf(properties, PropertyName.UNIQUE_KEY) ?? '',
      this.#options.appendTopicToDeleteKey,
    );
  }
}
