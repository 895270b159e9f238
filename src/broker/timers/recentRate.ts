import type { Clock } from '../../base/clock.ts';

const SECONDS = 10;

/** How many there were a second in the last ten seconds. */
export class RecentRate {
  readonly #clock: Clock;
  /** By second, of which the last ten are kept. */
  readonly #counts = new Array<number>(SECONDS).fill(0);
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#second = secondOf(clock);
  }

  get perSecond(): number {
    this.#moveOn();
    return this.#counts.reduce((sum, count) => sum + count, 0) / SECONDS;
  }

  add(count: number): void {
    this.#moveOn();
    const at = this.#second % SECONDS;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** A clock that was set back stays in its newest second. */
  #moveOn(): void {
    const second = secondOf(this.#clock);
    if (second - this.#second >= SECONDS) this.#counts.fill(0);
    else for (let passed = this.#second + 1; passed <= second; passed++) this.#counts[passed % SECONDS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}

function secondOf(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
