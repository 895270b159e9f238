import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';

/** A slave forgets all at once, again and again; one that may act as the master what nobody popped for so long. */
const SLAVE_MS = 5000;
const ACTING_MS = 300_000;

interface Place {
  readonly nextOffset: number;
  readonly popMs: number;
}

/**
 * How far groups popped at a slave, which can write no check points: there is nothing to give again, and after a while
 * all of it is popped once more. Source: PopBufferMergeService.java (run, scanGarbage), EscapeBridge.java.
 */
export class UnkeptPops implements Disposable {
  readonly #clock: Clock;
  readonly #mayAct: () => boolean;
  readonly #places = new Map<string, Place>();
  #sweep: Disposable | undefined;

  constructor(clock: Clock, mayAct: () => boolean) {
    this.#clock = clock;
    this.#mayAct = mayAct;
  }

  note(queue: string, nextOffset: number): void {
    this.#places.set(queue, { nextOffset, popMs: this.#clock.now() });
    this.#sweep ??= this.#later();
  }

  /** Where the next pop begins. */
  latest(queue: string): number | undefined {
    return this.#places.get(queue)?.nextOffset;
  }

  forget(queue: string): void {
    this.#places.delete(queue);
  }

  dispose(): void {
    this.#sweep?.dispose();
  }

  #later(): Disposable {
    return this.#clock.after(this.#mayAct() ? ACTING_MS : SLAVE_MS, () => {
      const untilMs = this.#mayAct() ? this.#clock.now() - ACTING_MS : Infinity;
      for (const [queue, { popMs }] of this.#places) if (popMs <= untilMs) this.#places.delete(queue);
      this.#sweep = this.#places.size > 0 ? this.#later() : undefined;
    });
  }
}
