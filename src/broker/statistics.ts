import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';

const SAMPLE_MS = 10_000;
const KEPT_SAMPLES = 61;

type Counter = 'put' | 'putBytes' | 'putFailed' | 'getFound' | 'getMiss' | 'transferred';

/** What was stored and served since the start. Source: StoreStatsService.java; broker sheet §14.1. */
export class Statistics implements Disposable {
  readonly counts: Record<Counter, number> = {
    put: 0,
    putBytes: 0,
    putFailed: 0,
    getFound: 0,
    getMiss: 0,
    transferred: 0,
  };
  readonly #samples: { readonly atMs: number; readonly counts: Readonly<Record<Counter, number>> }[] = [];
  readonly #clock: Clock;
  readonly #timer: Disposable;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sample();
    this.#timer = clock.every(SAMPLE_MS, () => this.#sample());
  }

  /** Per second over the last 10 s, 60 s and 600 s, or since the start where that is shorter. */
  rates(...counters: readonly Counter[]): string {
    const now = this.#clock.now();
    return [1, 6, 60]
      .map((samplesBack) => {
        const since = this.#samples.at(-Math.min(samplesBack + 1, this.#samples.length));
        const elapsedMs = since === undefined ? 0 : now - since.atMs;
        if (since === undefined || elapsedMs <= 0) return 0;
        const grown = counters.reduce((sum, counter) => sum + this.counts[counter] - since.counts[counter], 0);
        return (grown * 1000) / elapsedMs;
      })
      .join(' ');
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#clock.now(), counts: { ...this.counts } });
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
  }
}
