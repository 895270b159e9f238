import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';

const SAMPLE_MS = 1000;
const KEPT_SAMPLES = 601;

export type RateName = 'put' | 'getFound' | 'getMiss' | 'transferred';
export type Totals = Readonly<Record<RateName, number>>;

/** What the store did a second, by samples of its totals. Source: StoreStatsService.java. */
export class StoreRates implements Disposable {
  readonly #clock: Clock;
  readonly #totals: () => Totals;
  readonly #samples: { readonly atMs: number; readonly totals: Totals }[] = [];
  readonly #timer: Disposable;

  constructor(clock: Clock, totals: () => Totals) {
    this.#clock = clock;
    this.#totals = totals;
    this.#sample();
    this.#timer = clock.every(SAMPLE_MS, () => this.#sample());
  }

  /** Per second over the last 10, 60 and 600 s, or since the start where that is shorter. */
  of(...names: readonly RateName[]): readonly number[] {
    const now = this.#clock.now();
    const totals = this.#totals();
    return [10, 60, 600].map((seconds) => {
      const since = this.#samples.at(-Math.min(seconds + 1, this.#samples.length));
      const elapsedMs = since === undefined ? 0 : now - since.atMs;
      if (since === undefined || elapsedMs <= 0) return 0;
      const grown = names.reduce((sum, name) => sum + totals[name] - since.totals[name], 0);
      return (grown * 1000) / elapsedMs;
    });
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#clock.now(), totals: this.#totals() });
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
  }
}
