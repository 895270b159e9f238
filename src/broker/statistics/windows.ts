import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';

/*
 * Counters of which the growth in the last minute, hour and day is known. Each window is sampled every so often, and
 * a snapshot is the difference of its oldest and newest sample, so it is as old as that. A counter that nobody touched
 * since the last sample has no new one: its value is that of the last. Source: StatsItem.java.
 */

export type WindowName = 'minute' | 'hour' | 'day';

const SHAPES: Readonly<Record<WindowName, { readonly periodMs: number; readonly periods: number }>> = {
  minute: { periodMs: 10_000, periods: 6 },
  hour: { periodMs: 600_000, periods: 6 },
  day: { periodMs: 3_600_000, periods: 24 },
};
const NAMES: readonly WindowName[] = ['minute', 'hour', 'day'];
const ALL_WINDOWS = 0b111;
/** A sample takes less than a µs; ten thousand topics have a hundred thousand counters. */
const COUNTERS_A_TURN = 2000;

export interface Snapshot {
  readonly sum: number;
  /** Per second. */
  readonly tps: number;
  /** How often something was added. */
  readonly times: number;
  /** Per time. */
  readonly average: number;
}

const NOTHING: Snapshot = { sum: 0, tps: 0, times: 0, average: 0 };

/** Of a sample: number of the sampling, value, times. Three numbers in a row: there may be 100 000 counters. */
const SAMPLE_NUMBERS = 3;

/** Samples all counters made by it, until it is disposed. */
export class Windows implements Disposable {
  readonly #windows: readonly Window[];
  readonly #timers = new DisposableStore();

  constructor(clock: Clock) {
    this.#windows = NAMES.map((name, index) => new Window(index, SHAPES[name]));
    for (const window of this.#windows) {
      window.sample(clock.now());
      this.#timers.add(clock.every(window.periodMs, () => window.sample(clock.now())));
    }
  }

  counter(): Counter {
    return new Counter(this.#windows);
  }

  dispose(): void {
    this.#timers.dispose();
  }
}

export class Counter {
  value = 0;
  times = 0;
  readonly #windows: readonly Window[];
  /** By window, oldest first; undefined before the first. */
  #samples: (readonly number[] | undefined)[] | undefined;
  /** Bits of the windows that take a sample of this counter at their next tick. */
  #awaited = 0;

  constructor(windows: readonly Window[]) {
    this.#windows = windows;
  }

  get isUntouched(): boolean {
    return this.value === 0 && this.times === 0;
  }

  add(value: number, times = 1): void {
    this.value += value;
    this.times += times;
    if (this.#awaited !== ALL_WINDOWS) this.#await();
  }

  snapshot(name: WindowName): Snapshot {
    const index = NAMES.indexOf(name);
    const window = this.#windows[index];
    const samples = this.#samples?.[index];
    if (window === undefined || samples === undefined) return NOTHING;
    const begin = window.tick - window.periods;
    // Before its first sample a counter was 0 for one period.
    let [tick, value, before] = [(samples[0] ?? 0) - 1, 0, 0];
    for (let at = 0; at < samples.length && (samples[at] ?? 0) <= begin; at += SAMPLE_NUMBERS) {
      [tick, value, before] = [samples[at] ?? 0, samples[at + 1] ?? 0, samples[at + 2] ?? 0];
    }
    const sum = (samples.at(-2) ?? 0) - value;
    const times = (samples.at(-1) ?? 0) - before;
    const elapsedMs = window.elapsedSince(Math.max(tick, begin));
    return { sum, times, tps: (sum * 1000) / elapsedMs, average: times > 0 ? sum / times : 0 };
  }

  sample(window: Window): void {
    this.#awaited &= ~(1 << window.index);
    this.#samples ??= [undefined, undefined, undefined];
    const old = this.#samples[window.index] ?? [];
    let from = 0;
    while ((old[from + SAMPLE_NUMBERS] ?? window.tick) <= window.tick - window.periods) from += SAMPLE_NUMBERS;
    const sample = [window.tick, this.value, this.times];
    this.#samples[window.index] = from >= old.length ? sample : old.slice(from).concat(sample);
  }

  #await(): void {
    for (const window of this.#windows) {
      if ((this.#awaited & (1 << window.index)) === 0) window.touched.push(this);
    }
    this.#awaited = ALL_WINDOWS;
  }
}

class Window {
  readonly index: number;
  readonly periodMs: number;
  readonly periods: number;
  touched: Counter[] = [];
  /** Number of the last sampling. */
  tick = 0;
  /** When the samplings were; the one with number n is at n % length. */
  readonly #timesMs: number[];

  constructor(index: number, shape: { readonly periodMs: number; readonly periods: number }) {
    this.index = index;
    this.periodMs = shape.periodMs;
    this.periods = shape.periods;
    this.#timesMs = new Array<number>(shape.periods + 1).fill(0);
  }

  sample(nowMs: number): void {
    this.tick += 1;
    this.#timesMs[this.tick % this.#timesMs.length] = nowMs;
    const { touched } = this;
    this.touched = [];
    this.#sampleSome(touched, 0);
  }

  /** The first at once, and the others in the turns that follow. */
  #sampleSome(touched: readonly Counter[], from: number): void {
    const to = Math.min(from + COUNTERS_A_TURN, touched.length);
    for (let index = from; index < to; index += 1) touched[index]?.sample(this);
    if (to < touched.length) setImmediate(() => this.#sampleSome(touched, to));
  }

  /** From a sampling, or from one period before the oldest that is kept, to the last one. */
  elapsedSince(tick: number): number {
    const isKept = tick > 0 && this.tick - tick < this.#timesMs.length;
    const at = (number: number): number => this.#timesMs[number % this.#timesMs.length] ?? 0;
    const elapsedMs = isKept ? at(this.tick) - at(tick) : at(this.tick) - at(tick + 1) + this.periodMs;
    return Math.max(1, elapsedMs);
  }
}
