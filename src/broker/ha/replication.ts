import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { FOLLOWS_NOBODY } from '../../protocol/bodies/haStatus.ts';
import type { HaStatus } from '../../protocol/bodies/haStatus.ts';
import type { BrokerConfig } from '../config.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { SlaveLinks } from './slaveLinks.ts';

export interface ReplicationOptions {
  /** As it is now. */
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What this broker shares with others of its name: its log with its slaves. */
export class Replication implements Disposable {
  readonly #options: ReplicationOptions;
  readonly #owned = new DisposableStore();
  readonly #links: SlaveLinks;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    const { store, clock, logger, config } = options;
    this.#links = this.#owned.add(
      new SlaveLinks({ log: store, settings: config, clock, logger, onChange: () => undefined }),
    );
    this.#owned.add(store.onGrowth(() => this.#links.wake()));
  }

  /** Somebody connected to the port of slaves. */
  accept(stream: Duplex, address: string): void {
    this.#links.accept(stream, address);
  }

  status(): HaStatus {
    const end = this.#options.store.maxPhysicalOffset;
    return {
      haClientRuntimeInfo: FOLLOWS_NOBODY,
      haConnectionInfo: this.#links.status(end),
      inSyncSlaveNums: this.#links.inSync(end),
      master: true,
      masterCommitLogMaxOffset: end,
    };
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
