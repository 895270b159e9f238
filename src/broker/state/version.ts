import type { Clock } from '../../base/clock.ts';
import type { DataVersion } from '../../protocol/bodies/dataVersion.ts';

/** The version of one table: peers compare it to learn that the table changed. Source: DataVersion.java. */
export class TableVersion {
  readonly #clock: Clock;
  #current: DataVersion;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#current = { counter: 0, stateVersion: 0, timestamp: clock.now() };
  }

  get current(): DataVersion {
    return this.#current;
  }

  restore(version: DataVersion | undefined): void {
    if (version !== undefined) this.#current = version;
  }

  next(): void {
    const { counter, stateVersion } = this.#current;
    this.#current = { counter: counter + 1, stateVersion, timestamp: this.#clock.now() };
  }
}
