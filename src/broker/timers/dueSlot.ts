import type { StoredMessage } from '../../protocol/message.ts';
import type { PlacedUnit } from './timerLog.ts';
import { momentOf } from './timerParking.ts';

/**
 * A slot of the wheel whose messages become due one after the other: a wheel of milliseconds. All its units must be
 * looked at before the first is delivered, since any of them may take others away.
 */
export class DueSlot {
  readonly startMs: number;
  readonly endMs: number;
  /** Messages that take others away, by the keys of those; without those that did. */
  readonly markers = new Map<string, StoredMessage>();
  /** Keys of messages that were taken away. */
  readonly taken = new Set<string>();
  readonly #units: PlacedUnit[];
  #looked = 0;
  /** Units by the millisecond of the slot in which they are due, in the order in which they came. */
  readonly #waiting: (PlacedUnit[] | undefined)[] = [];
  /** The millisecond that is looked at: those before it are done. */
  #current = 0;
  /** Units of it that are delivered. */
  #delivered = 0;

  /** @param units the oldest first */
  constructor(startMs: number, precisionMs: number, units: PlacedUnit[]) {
    this.startMs = startMs;
    this.endMs = startMs + precisionMs;
    this.#units = units;
  }

  /** What is due when is known of all its units. */
  get isKnown(): boolean {
    return this.#looked === this.#units.length;
  }

  /** The next units to look at. */
  unknown(count: number): readonly PlacedUnit[] {
    return this.#units.slice(this.#looked, this.#looked + count);
  }

  looked(count: number): void {
    this.#looked += count;
  }

  /** One that came when the slot was open. */
  arrived(unit: PlacedUnit): void {
    this.#units.push(unit);
  }

  /** Delivered at the moment that its message names, which may have passed; anything else at the end of the slot. */
  waits(unit: PlacedUnit, message: StoredMessage | undefined): void {
    const dueMs = message === undefined ? this.endMs : momentOf(message, this.startMs, this.endMs);
    const place = Math.max(dueMs - this.startMs, this.#current);
    (this.#waiting[place] ??= []).push(unit);
  }

  /** When the next unit is due; undefined when none waits. */
  get nextMs(): number | undefined {
    for (let place = this.#current; place < this.#waiting.length; place += 1) {
      const delivered = place === this.#current ? this.#delivered : 0;
      if ((this.#waiting[place]?.length ?? 0) > delivered) return this.startMs + place;
    }
    return undefined;
  }

  /** The first units that are due, until `delivered` says that they were. */
  due(nowMs: number, count: number): readonly PlacedUnit[] {
    const due: PlacedUnit[] = [];
    const last = Math.min(nowMs - this.startMs, this.#waiting.length - 1);
    for (let place = this.#current; place <= last && due.length < count; place += 1) {
      const from = place === this.#current ? this.#delivered : 0;
      const units = this.#waiting[place];
      if (units !== undefined) due.push(...units.slice(from, from + count - due.length));
    }
    return due;
  }

  delivered(count: number): void {
    for (let left = count; left > 0 && this.#current < this.#waiting.length;) {
      const here = (this.#waiting[this.#current]?.length ?? 0) - this.#delivered;
      const passed = Math.min(left, here);
      this.#delivered += passed;
      left -= passed;
      if (left === 0) return;
      this.#waiting[this.#current] = undefined;
      this.#current += 1;
      this.#delivered = 0;
    }
  }
}
