import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import type { SlaveStatus } from '../../protocol/bodies/haStatus.ts';
import { SlaveLink } from './slaveLink.ts';
import type { HaSettings, SharedLog } from './slaveLink.ts';

/** So that nobody fills the memory with connections; a group has a handful. */
const MAX_SLAVES = 64;

export interface SlaveLinksOptions {
  readonly log: SharedLog;
  readonly settings: HaSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A slave said how far it is, came or went. */
  readonly onChange: () => void;
}

/** The slaves of this broker. Source: DefaultHAService.java. */
export class SlaveLinks implements Disposable {
  readonly #options: SlaveLinksOptions;
  readonly #links = new Set<SlaveLink>();
  #disposed = false;

  constructor(options: SlaveLinksOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#links.size;
  }

  /** Somebody connected to the port of slaves. */
  accept(stream: Duplex, address: string): void {
    const { log, settings, clock, logger, onChange } = this.#options;
    if (this.#disposed || this.#links.size >= MAX_SLAVES) {
      if (!this.#disposed) logger.error(`slave ${address} is turned away: there are ${MAX_SLAVES} already`);
      stream.on('error', () => undefined).destroy();
      return;
    }
    const onClose = (): void => {
      this.#links.delete(link);
      onChange();
    };
    const link = new SlaveLink({ stream, address, log, settings, clock, logger, onReport: onChange, onClose });
    this.#links.add(link);
  }

  /** The log grew. */
  wake(): void {
    for (const link of this.#links) link.wake();
  }

  /** How far so many of the slaves have the log; -1 when there are fewer. */
  reachedBy(count: number): number {
    const reports = [...this.#links].map(({ reported }) => reported).sort((a, b) => b - a);
    return reports[count - 1] ?? -1;
  }

  inSync(masterEnd: number): number {
    let count = 0;
    for (const link of this.#links) if (link.isInSync(masterEnd)) count += 1;
    return count;
  }

  status(masterEnd: number): SlaveStatus[] {
    return [...this.#links].map((link) => link.status(masterEnd));
  }

  dispose(): void {
    this.#disposed = true;
    for (const link of [...this.#links]) link.dispose();
  }
}
