import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { FOLLOWS_NOBODY } from '../../protocol/bodies/haStatus.ts';
import type { HaStatus } from '../../protocol/bodies/haStatus.ts';
import type { BrokerConfig } from '../config.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { Follower } from './follower.ts';
import { ReplicaShortage } from './replicaShortage.ts';
import { ReplicaWaits } from './replicaWaits.ts';
import { SlaveLinks } from './slaveLinks.ts';

/**
 * What comes within so many ms goes to slaves together where nobody waits for them: each wake-up costs both sides as much
 * as several messages. Apache's broker lets them wait up to 100. Source: DefaultHAConnection.java, WriteSocketService.
 */
export const GATHER_MS = 20;

export interface ReplicationOptions {
  /** As it is now. */
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What this broker shares with others of its name: its log with its slaves, and that of its master with itself. */
export class Replication implements Disposable {
  readonly #options: ReplicationOptions;
  readonly #owned = new DisposableStore();
  readonly #links: SlaveLinks;
  readonly #waits: ReplicaWaits;
  readonly #shortage: ReplicaShortage | undefined;
  #gathering: Disposable | undefined;
  #follower: Follower | undefined;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    const { store, clock, logger, config } = options;
    this.#waits = this.#owned.add(new ReplicaWaits(clock));
    this.#links = this.#owned.add(
      new SlaveLinks({ log: store, settings: config, clock, logger, onChange: () => this.#tellWaiting() }),
    );
    if (config.brokerRole === 'SYNC_MASTER') {
      const slavesInSync = (): number => this.#links.inSync(store.maxPhysicalOffset);
      this.#shortage = this.#owned.add(new ReplicaShortage({ config, slavesInSync, clock, logger }));
    }
    this.#owned.add(store.onGrowth(() => this.#grew()));
  }

  /** A slave serves readers, and what it stores its master gave it. */
  get isSlave(): boolean {
    return this.#options.config.brokerRole === 'SLAVE';
  }

  /** Of a slave: its master gives signs of life. */
  get hasMaster(): boolean {
    return this.#follower?.isConnected === true;
  }

  /** Begins to follow the master. */
  follow(follower: Follower): void {
    this.#follower = this.#owned.add(follower);
    follower.start();
  }

  /** Somebody connected to the port of slaves. */
  accept(stream: Duplex, address: string): void {
    this.#links.accept(stream, address);
  }

  /**
   * What SYNC_MASTER promises: resolves when enough slaves have what was appended or staged so far, with false when
   * that took longer than `slaveTimeout`. True at once where there is nothing to wait for, which is also where
   * `inSyncReplicas`, this broker included, is 1. Source: CommitLog.handleHA.
   */
  replicated(): true | Promise<boolean> {
    const { config, store } = this.#options;
    if (config.brokerRole !== 'SYNC_MASTER' || config.inSyncReplicas <= 1) return true;
    const needed = this.#neededReplicas;
    if (needed <= 1) return true;
    const offset = store.reservedOffset;
    return this.#links.reachedBy(needed - 1) >= offset ? true : this.#waits.wait(offset, config.slaveTimeout);
  }

  /**
   * Whether a sender that waits for slaves is refused, since so many as it would wait for are not in sync. Apache's
   * broker looks only with `enableSlaveActingMaster`, and otherwise stores and waits. Source: CommitLog.asyncPutMessage.
   */
  get lacksReplicas(): boolean {
    const { brokerRole, enableSlaveActingMaster } = this.#options.config;
    if (brokerRole !== 'SYNC_MASTER' || !enableSlaveActingMaster) return false;
    return this.#neededReplicas > this.#replicasInSync;
  }

  status(): HaStatus {
    const end = this.#options.store.maxPhysicalOffset;
    if (this.#follower !== undefined) {
      return {
        haClientRuntimeInfo: this.#follower.status(),
        haConnectionInfo: [],
        inSyncSlaveNums: 0,
        master: false,
        masterCommitLogMaxOffset: 0,
      };
    }
    return {
      haClientRuntimeInfo: FOLLOWS_NOBODY,
      haConnectionInfo: this.#links.status(end),
      inSyncSlaveNums: this.#links.inSync(end),
      master: true,
      masterCommitLogMaxOffset: end,
    };
  }

  dispose(): void {
    this.#gathering?.dispose();
    this.#owned.dispose();
  }

  /** This broker included, as in Apache's settings. Source: CommitLog.calcNeedAckNums. */
  get #neededReplicas(): number {
    const { inSyncReplicas, minInSyncReplicas, enableAutoInSyncReplicas, enableSlaveActingMaster } =
      this.#options.config;
    if (!enableAutoInSyncReplicas || !enableSlaveActingMaster) return inSyncReplicas;
    return Math.max(minInSyncReplicas, Math.min(inSyncReplicas, this.#replicasInSync));
  }

  get #replicasInSync(): number {
    return 1 + this.#links.inSync(this.#options.store.maxPhysicalOffset);
  }

  #grew(): void {
    const { config, clock } = this.#options;
    if (config.brokerRole === 'SYNC_MASTER') {
      this.#links.wake();
      return;
    }
    if (this.#links.size === 0) return;
    this.#gathering ??= clock.after(GATHER_MS, () => {
      this.#gathering = undefined;
      this.#links.wake();
    });
  }

  #tellWaiting(): void {
    if (this.#options.config.brokerRole !== 'SYNC_MASTER') return;
    this.#shortage?.look();
    // Who waits wanted one slave at least, though none may be needed any more.
    this.#waits.reached(this.#links.reachedBy(Math.max(this.#neededReplicas - 1, 1)));
  }
}
