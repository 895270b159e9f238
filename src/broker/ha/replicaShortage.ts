import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import type { BrokerConfig } from '../config.ts';

/** Slaves may start a little later than their master. */
const GRACE_MS = 5000;

export interface ReplicaShortageOptions {
  readonly config: BrokerConfig;
  readonly slavesInSync: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Says in the log of a SYNC_MASTER that its senders wait for nobody, or in vain, and what helps; and when that is over. */
export class ReplicaShortage implements Disposable {
  readonly #options: ReplicaShortageOptions;
  readonly #grace: Disposable;
  /** Undefined in the first seconds. */
  #isShort: boolean | undefined;

  constructor(options: ReplicaShortageOptions) {
    this.#options = options;
    const { config, clock, logger } = options;
    if (config.inSyncReplicas <= 1) {
      logger.warn(
        'SYNC_MASTER WAITS FOR NO SLAVE: inSyncReplicas counts this broker too, and is 1; set inSyncReplicas=2 for one slave',
      );
    }
    this.#grace = clock.after(GRACE_MS, () => {
      this.#isShort = false;
      this.look();
    });
  }

  /** A slave came, spoke or went. */
  look(): void {
    if (this.#isShort === undefined) return;
    const { config, slavesInSync, logger } = this.#options;
    const [has, needs] = [slavesInSync(), config.inSyncReplicas - 1];
    const isShort = has < needs;
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    if (isShort) logger.warn(`${has} OF ${needs} SLAVES ARE IN SYNC: ${consequence(config)}; ${nextStep(config)}`);
    else logger.info(`${has} of ${needs} slaves are in sync: sends are answered when they have the message`);
  }

  dispose(): void {
    this.#grace.dispose();
  }
}

function consequence({ enableSlaveActingMaster, slaveTimeout }: BrokerConfig): string {
  return enableSlaveActingMaster
    ? 'sends are refused where too few are'
    : `each send waits ${slaveTimeout} ms and is answered FLUSH_SLAVE_TIMEOUT`;
}

function nextStep({ brokerName, brokerClusterName }: BrokerConfig): string {
  return (
    'start a slave with the same NameServers and a file of ' +
    `brokerRole=SLAVE, brokerId=1, brokerName=${brokerName}, brokerClusterName=${brokerClusterName} and a store of its own, ` +
    'or set brokerRole=ASYNC_MASTER here'
  );
}
