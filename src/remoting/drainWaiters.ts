import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import { CodedError } from '../base/errors.ts';

const ONEWAY_TIMEOUT_MS = 30_000;

/** One-way requests that wait while the peer does not read. */
export class DrainWaiters {
  readonly #address: string;
  readonly #clock: Clock;
  #waiting: Deferred<void>[] = [];

  constructor(address: string, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /** Resolves when the peer has read on; rejects when the time is over, or with the end of the connection. */
  async wait(requestCode: number): Promise<void> {
    const drained = new Deferred<void>();
    this.#waiting.push(drained);
    const details = { address: this.#address, requestCode, timeoutMs: ONEWAY_TIMEOUT_MS };
    const timer = this.#clock.after(ONEWAY_TIMEOUT_MS, () =>
      drained.reject(new CodedError('request-timeout', details)),
    );
    try {
      await drained.promise;
    } finally {
      timer.dispose();
    }
  }

  resolveAll(): void {
    for (const drained of this.#waiting.splice(0)) drained.resolve();
  }

  rejectAll(reason: CodedError): void {
    for (const drained of this.#waiting.splice(0)) drained.reject(reason);
  }
}
