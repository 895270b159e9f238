import { ControlError } from './controlError.ts';

/** One after the other: what changes the broker as a whole. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  /** @throws ControlError 503 when its turn comes after the end */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      this.checkGoesOn();
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** For work that is long, between two steps. @throws ControlError 503 */
  checkGoesOn(): void {
    if (this.#isEnding) throw new ControlError(503, 'the broker ends');
  }

  /** Resolves when the one whose turn it is has come to its end; those that wait are refused. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#last;
  }
}
