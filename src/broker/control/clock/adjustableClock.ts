import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';

interface Timer {
  dueMs: number;
  /** Of `every`. */
  readonly periodMs: number | undefined;
  /** Of `nextRound`: a jump over several is one. */
  readonly isRound: boolean;
  readonly callback: () => void;
}

/**
 * A clock that follows that of the machine, and can be moved on, stopped and made faster. It never goes back while a
 * broker goes by it: what is stored would be younger than now.
 */
export class AdjustableClock implements Clock {
  readonly #machine: Clock;
  /** By when they are due, then by their creation. */
  readonly #timers: Timer[] = [];
  #anchorMs: number;
  #machineAnchorMs: number;
  #rate = 1;
  /** Where a jump is; undefined while there is none. */
  #jumpMs: number | undefined;
  #alarm: Disposable | undefined;

  constructor(machine: Clock) {
    this.#machine = machine;
    this.#anchorMs = this.#machineAnchorMs = machine.now();
  }

  /** Of this clock in a millisecond of the machine's; 0 while it stands. */
  get rate(): number {
    return this.#rate;
  }

  /** How far it is before the machine's. */
  get aheadMs(): number {
    return this.now() - this.#machine.now();
  }

  now(): number {
    if (this.#jumpMs !== undefined) return this.#jumpMs;
    // A machine whose clock is set back does not take this one along.
    const passedMs = Math.max(0, this.#machine.now() - this.#machineAnchorMs);
    return Math.floor(this.#anchorMs + passedMs * this.#rate);
  }

  after(delayMs: number, callback: () => void): Disposable {
    return this.#add({ dueMs: this.now() + Math.max(0, delayMs), periodMs: undefined, isRound: false, callback });
  }

  every(periodMs: number, callback: () => void): Disposable {
    return this.#add({ dueMs: this.now() + periodMs, periodMs, isRound: false, callback });
  }

  nextRound(delayMs: number, callback: () => void): Disposable {
    return this.#add({ dueMs: this.now() + Math.max(0, delayMs), periodMs: undefined, isRound: true, callback });
  }

  setRate(rate: number): void {
    this.#anchor(this.now());
    this.#rate = rate;
    this.#arm();
  }

  /** Where it is before the machine's from now on, and as fast: between a broker that stopped and the next. */
  setAhead(aheadMs: number): void {
    this.#rate = 1;
    this.#anchor(this.#machine.now() + aheadMs);
    this.#arm();
  }

  /**
   * Moves on to `toMs`: stops at each moment for which something is set, also on the way, lets that happen, and goes on
   * when `settled` resolves. Rounds that fall due are made at the end.
   */
  async jump(toMs: number, settled: () => Promise<void>): Promise<void> {
    this.#alarm?.dispose();
    this.#alarm = undefined;
    this.#jumpMs = this.now();
    try {
      for (let next = this.#next(toMs); next !== undefined; next = this.#next(toMs)) {
        this.#jumpMs = Math.max(this.#jumpMs, next.dueMs);
        this.#fireDue(this.#jumpMs, ({ isRound }) => !isRound);
        await settled();
      }
      this.#jumpMs = Math.max(this.#jumpMs, toMs);
    } finally {
      this.#anchor(this.#jumpMs);
      this.#jumpMs = undefined;
      this.#arm();
    }
  }

  #anchor(nowMs: number): void {
    this.#anchorMs = nowMs;
    this.#machineAnchorMs = this.#machine.now();
  }

  #add(timer: Timer): Disposable {
    this.#insert(timer);
    if (this.#timers[0] === timer || this.#alarm === undefined) this.#arm();
    return {
      dispose: () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
        if (this.#timers.length > 0) return;
        this.#alarm?.dispose();
        this.#alarm = undefined;
      },
    };
  }

  #insert(timer: Timer): void {
    let [from, to] = [0, this.#timers.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#timers[middle]?.dueMs ?? Infinity) <= timer.dueMs) from = middle + 1;
      else to = middle;
    }
    this.#timers.splice(from, 0, timer);
  }

  /** The first that is no round. */
  #next(untilMs: number): Timer | undefined {
    const next = this.#timers.find(({ isRound }) => !isRound);
    return next !== undefined && next.dueMs <= untilMs ? next : undefined;
  }

  #fireDue(nowMs: number, wanted: (timer: Timer) => boolean): void {
    // Not those that are set meanwhile: a timer of 0 ms that sets itself again would never let go.
    for (const timer of this.#timers.filter((one) => one.dueMs <= nowMs && wanted(one))) {
      const at = this.#timers.indexOf(timer);
      // One of those before it took it away.
      if (at < 0) continue;
      this.#timers.splice(at, 1);
      if (timer.periodMs !== undefined) {
        timer.dueMs = Math.max(timer.dueMs + timer.periodMs, nowMs - timer.periodMs);
        this.#insert(timer);
      }
      timer.callback();
    }
  }

  /** One timer of the machine for the first of ours. */
  #arm(): void {
    if (this.#jumpMs !== undefined) return;
    this.#alarm?.dispose();
    this.#alarm = undefined;
    const first = this.#timers[0];
    if (first === undefined) return;
    const restMs = first.dueMs - this.now();
    if (restMs > 0 && this.#rate === 0) return;
    this.#alarm = this.#machine.after(restMs <= 0 ? 0 : Math.ceil(restMs / this.#rate), () => {
      this.#alarm = undefined;
      try {
        this.#fireDue(this.now(), () => true);
      } finally {
        this.#arm();
      }
    });
  }
}
