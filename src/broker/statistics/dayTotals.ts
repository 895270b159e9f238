import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';

export interface DayTotals {
  readonly yesterdayMorning: number;
  readonly todayMorning: number;
  readonly now: number;
}

/** A total as it was at the last two midnights, in the machine's own time. Source: BrokerStats.java. */
export class Mornings implements Disposable {
  readonly #clock: Clock;
  readonly #total: () => number;
  #yesterday = 0;
  #today = 0;
  #timer: Disposable;

  constructor(clock: Clock, total: () => number) {
    this.#clock = clock;
    this.#total = total;
    this.#timer = this.#plan();
  }

  get totals(): DayTotals {
    return { yesterdayMorning: this.#yesterday, todayMorning: this.#today, now: this.#total() };
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #plan(): Disposable {
    const now = this.#clock.now();
    const midnight = new Date(now);
    midnight.setHours(24, 0, 0, 0);
    return this.#clock.after(midnight.getTime() - now, () => {
      this.#yesterday = this.#today;
      this.#today = this.#total();
      this.#timer = this.#plan();
    });
  }
}
