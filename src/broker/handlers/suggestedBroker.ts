import { totalmem } from 'node:os';
import type { SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';
import type { BrokerConfig } from '../config.ts';
import type { MessageStore } from '../store/messageStore.ts';

const MEMORY_BYTES = totalmem();

/** Who knows how much of its log memory may hold. */
export interface Rememberer {
  readonly config: Pick<BrokerConfig, 'accessMessageInMemoryMaxRatio'>;
  readonly store: Pick<MessageStore, 'maxPhysicalOffset'>;
}

/**
 * The id of the broker that a group should read from: another one while it reads what memory may no longer hold.
 * Source: PullMessageProcessor.java; broker sheet §6.5.
 */
export function suggestedBroker(
  broker: Rememberer,
  group: SubscriptionGroupConfig | undefined,
  lookedAt: number | undefined,
): number {
  if (group === undefined) return 0;
  return isFarBehind(broker, lookedAt) ? group.whichBrokerWhenConsumeSlowly : group.brokerId;
}

/**
 * Memory may not hold any more what a reader reads. That goes by the last message that was looked at for it, and by
 * nothing when none was. Source: DefaultMessageStore.getMessage.
 */
export function isFarBehind({ config, store }: Rememberer, lookedAt: number | undefined): boolean {
  if (lookedAt === undefined) return false;
  return store.maxPhysicalOffset - lookedAt > Math.trunc((MEMORY_BYTES * config.accessMessageInMemoryMaxRatio) / 100);
}
