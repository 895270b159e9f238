import { totalmem } from 'node:os';
import type { SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';
import { readInt64 } from '../../protocol/bigEndian.ts';
import { RecordOffset } from '../../protocol/message.ts';
import type { BrokerContext } from '../brokerContext.ts';

/**
 * The id of the broker that a group should read from: another one while it reads what memory may no longer hold.
 * Source: PullMessageProcessor.java, DefaultMessageStore.java; broker sheet §6.5.
 */
export function suggestedBroker(
  broker: BrokerContext,
  group: SubscriptionGroupConfig | undefined,
  firstRecord: Buffer | undefined,
): number {
  if (group === undefined) return 0;
  return isFarBehind(broker, firstRecord) ? group.whichBrokerWhenConsumeSlowly : group.brokerId;
}

/** Memory may not hold any more what is read there. */
export function isFarBehind({ config, store }: BrokerContext, firstRecord: Buffer | undefined): boolean {
  if (firstRecord === undefined) return false;
  const behindBytes = store.maxPhysicalOffset - readInt64(firstRecord, RecordOffset.PHYSICAL_OFFSET);
  return behindBytes > (totalmem() * config.accessMessageInMemoryMaxRatio) / 100;
}
