import type { TailRow, TailState } from '../../src/contract/tail.ts';
import type { RowRange } from '../shared/virtualRange.ts';

/** Rows kept on either side of the ones in view, so that scrolling back shows them at once. */
const KEPT_AROUND = 400;

/**
 * What the page shows of a tail. While the newest rows are followed, a new state is shown only together with its
 * rows, so that the end of the list never flickers empty. One request is under way at a time.
 */
export class TailRows {
  readonly #fetch: (range: RowRange) => Promise<readonly TailRow[]>;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  readonly #rows = new Map<number, TailRow>();
  #shown: TailState;
  #next: TailState | undefined;
  #range: RowRange = { first: 0, limit: 0 };
  #busy = false;
  /** Whether the view stays at the newest row. */
  follow: boolean;

  constructor(
    initial: TailState,
    follow: boolean,
    calls: {
      readonly fetch: (range: RowRange) => Promise<readonly TailRow[]>;
      readonly changed: () => void;
      readonly failed: (error: unknown) => void;
    },
  ) {
    this.#shown = initial;
    this.follow = follow;
    this.#fetch = calls.fetch;
    this.#changed = calls.changed;
    this.#failed = calls.failed;
  }

  get state(): TailState {
    return this.#shown;
  }

  row(number: number): TailRow | undefined {
    return this.#rows.get(number);
  }

  /** A state the host told by itself: shown when its rows are here. */
  told(state: TailState): void {
    this.#next = state;
    void this.#work();
  }

  /** A state that answers what the user did: shown at once. */
  answered(state: TailState): void {
    this.#next = undefined;
    this.#show(state);
    void this.#work();
  }

  /** The rows that stand in view now. */
  inView(range: RowRange): void {
    this.#range = range;
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      let more = true;
      while (more) more = await this.#step();
    } catch (error) {
      // The next state or scroll asks again.
      this.#takeNext();
      this.#failed(error);
    } finally {
      this.#busy = false;
    }
  }

  /** @returns whether more may be to do */
  async #step(): Promise<boolean> {
    const target = this.#next ?? this.#shown;
    const wanted = this.#missing(target);
    if (wanted.limit > 0) {
      const rows = await this.#fetch(wanted);
      for (const row of rows) this.#rows.set(row.number, row);
      // What was asked for fell out of the buffer meanwhile; the state that says so is on its way.
      if (rows.length === 0) {
        this.#takeNext();
        return false;
      }
      this.#changed();
      if (this.#next !== undefined && this.#next !== target) return true;
    }
    return this.#takeNext() || wanted.limit > 0;
  }

  #takeNext(): boolean {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return false;
    this.#show(next);
    return true;
  }

  #show(state: TailState): void {
    this.#shown = state;
    const from = Math.max(state.first, this.#range.first - KEPT_AROUND);
    const to = this.#range.first + this.#range.limit + KEPT_AROUND;
    const newest = state.first + state.held - KEPT_AROUND;
    for (const number of this.#rows.keys()) {
      if (number < from || (number > to && number < newest)) this.#rows.delete(number);
    }
    this.#changed();
  }

  /** The span from the first to the last row that is in view under `state` and not here. */
  #missing(state: TailState): RowRange {
    const end = state.first + state.held;
    const limit = this.#range.limit;
    const from = Math.max(state.first, this.follow ? end - limit : this.#range.first);
    const to = Math.min(end, this.follow ? end : this.#range.first + limit);
    let first = from;
    while (first < to && this.#rows.has(first)) first += 1;
    let last = to - 1;
    while (last > first && this.#rows.has(last)) last -= 1;
    return { first, limit: Math.max(0, Math.min(to, last + 1) - first) };
  }
}
