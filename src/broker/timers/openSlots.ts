import type { Logger } from '../../base/logger.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { DueSlot } from './dueSlot.ts';
import { readParked } from './readParked.ts';
import { isMarker, isRolled } from './timerLog.ts';
import type { PlacedUnit } from './timerLog.ts';
import type { TimerStore } from './timerStore.ts';

export interface WaitingMessage {
  readonly unit: PlacedUnit;
  readonly message: StoredMessage;
}

/** The slots that are looked into and not served yet: the one that is due and the next. */
export class OpenSlots {
  readonly #store: TimerStore;
  readonly #messages: MessageStore;
  readonly #logger: Logger;
  readonly #precisionMs: number;
  readonly #slots = new Map<number, DueSlot>();

  constructor(
    store: TimerStore,
    {
      messages,
      logger,
      precisionMs,
    }: { readonly messages: MessageStore; readonly logger: Logger; readonly precisionMs: number },
  ) {
    this.#store = store;
    this.#messages = messages;
    this.#logger = logger;
    this.#precisionMs = precisionMs;
  }

  find(slotMs: number): DueSlot | undefined {
    return this.#slots.get(slotMs);
  }

  async obtain(slotMs: number): Promise<DueSlot> {
    let slot = this.#slots.get(slotMs);
    if (slot === undefined) {
      slot = new DueSlot(slotMs, this.#precisionMs, await this.#store.unitsOf(slotMs));
      this.#slots.set(slotMs, slot);
    }
    return slot;
  }

  /** Looks at the next units of the slot. */
  async lookInto(slot: DueSlot, count: number): Promise<void> {
    const units = slot.unknown(count);
    for (const { unit, message } of await this.read(units)) place(slot, unit, message);
    slot.looked(units.length);
  }

  /** A message was put into the wheel. */
  arrived(unit: PlacedUnit): void {
    this.#slots.get(unit.dueMs)?.arrived(unit);
  }

  served(slot: DueSlot): void {
    this.#slots.delete(slot.startMs);
  }

  /** What the log still holds of them. */
  async read(units: readonly PlacedUnit[]): Promise<WaitingMessage[]> {
    const messages = await readParked(this.#messages, units);
    return units.flatMap((unit, index) => {
      const message = messages[index];
      if (message !== undefined) return [{ unit, message }];
      this.#logger.warn(`the timer message at ${unit.physicalOffset} is gone`);
      return [];
    });
  }
}

function place(slot: DueSlot, unit: PlacedUnit, message: StoredMessage): void {
  if (isRolled(unit)) slot.waits(unit, undefined);
  else if (!isMarker(unit)) slot.waits(unit, message);
  else {
    const key = propertyOf(message.properties, PropertyName.TIMER_DELETE_KEY);
    if (key !== undefined) slot.markers.set(key, message);
  }
}
