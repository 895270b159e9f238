import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';

/** What waits at once; of more nothing waits. */
const MAX_WAITING = 100_000;

/** What is done later, unless the broker ends before. */
export class Delays implements Disposable {
  readonly #clock: Clock;
  readonly #timers = new Set<Disposable>();

  /** @param clock of the machine */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isFull(): boolean {
    return this.#timers.size >= MAX_WAITING;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(owned);
      callback();
    });
    const owned: Disposable = {
      dispose: () => {
        timer.dispose();
        this.#timers.delete(owned);
      },
    };
    this.#timers.add(owned);
    return owned;
  }

  dispose(): void {
    for (const timer of this.#timers) timer.dispose();
    this.#timers.clear();
  }
}
