import { propertyOf, PropertyName } from '../../protocol/messageProperty.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import { SCHEDULE_TOPIC } from '../../protocol/topicName.ts';
import { tagsCodeOf } from '../../protocol/filter/tag.ts';

/**
 * The tags code of a record's queue entry: a hash of its tags, or for a delayed message the time at which it is
 * due. Source: CommitLog.checkMessageAndReturnSize; broker sheet §9.3.
 */
export function entryTagsCode(
  record: { readonly topic: string; readonly properties: string; readonly storeTimestamp: number },
  delayLevelsMs: readonly number[],
): number {
  if (record.topic === SCHEDULE_TOPIC) {
    const level = Math.min(Number(propertyOf(record.properties, PropertyName.DELAY) ?? 0), delayLevelsMs.length);
    const delayMs = delayLevelsMs[level - 1];
    if (delayMs !== undefined) return record.storeTimestamp + delayMs;
  }
  return tagsCodeOf(propertyOf(record.properties, PropertyName.TAGS));
}

/** Prepared and rolled-back transaction records stand in the log only (remoting sheet §4.8). */
export function hasQueueEntry(sysFlag: number): boolean {
  const state = sysFlag & SysFlag.TRANSACTION_MASK;
  return state !== SysFlag.TRANSACTION_PREPARED && state !== SysFlag.TRANSACTION_ROLLBACK;
}
