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

interface Sample {
  readonly tick: number;
  readonly value: number;
  readonly times: number;
}

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
  /** By window; made with the first sample. */
  readonly #samples: (Sample[] | undefined)[] = [];
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
    const samples = this.#samples[index] ?? [];
    const [first] = samples;
    const last = samples.at(-1);
    if (window === undefined || first === undefined || last === undefined) return NOTHING;
    const begin = window.tick - window.periods;
    // Before its first sample a counter was 0 for one period.
    const base = samples.findLast(({ tick }) => tick <= begin) ?? { tick: first.tick - 1, value: 0, times: 0 };
    const sum = last.value - base.value;
    const times = last.times - base.times;
    const elapsedMs = window.elapsedSince(Math.max(base.tick, begin));
    return { sum, times, tps: (sum * 1000) / elapsedMs, average: times > 0 ? sum / times : 0 };
  }

  sample(window: Window): void {
    this.#awaited &= ~(1 << window.index);
    const samples = (this.#samples[window.index] ??= []);
    samples.push({ tick: window.tick, value: this.value, times: this.times });
    while ((samples[1]?.tick ?? window.tick) <= window.tick - window.periods) samples.shift();
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
    for (const counter of touched) counter.sample(this);
  }

  /** From a sampling, or from one period before the oldest that is kept, to the last one. */
  elapsedSince(tick: number): number {
    const isKept = tick > 0 && this.tick - tick < this.#timesMs.length;
    const at = (number: number): number => this.#timesMs[number % this.#timesMs.length] ?? 0;
    const elapsedMs = isKept ? at(this.tick) - at(tick) : at(this.tick) - at(tick + 1) + this.periodMs;
    return Math.max(1, elapsedMs);
  }
}
