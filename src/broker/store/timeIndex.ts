import { decodeMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import type { ConsumeQueue } from './consumeQueue.ts';
import { firstWhereLater } from './firstWhere.ts';
import { isPadding } from './queueEntry.ts';

/** Store times never go back along a queue, so halving finds the place. See MessageStore.offsetByTime. */
export async function offsetByTime(
  log: CommitLog,
  queue: ConsumeQueue | undefined,
  timestamp: number,
  boundary: 'lower' | 'upper',
): Promise<number> {
  if (queue === undefined || queue.max === queue.min) return queue?.max ?? 0;
  const isBefore = (time: number): boolean => (boundary === 'lower' ? time < timestamp : time <= timestamp);
  const found = await firstWhereLater(queue.min, queue.max, async (offset) => {
    return !isBefore(await storeTimestampAt(log, queue, offset));
  });
  return boundary === 'lower' ? found : Math.max(found - 1, queue.min);
}

/** What is no longer in the log counts as older than anything. */
async function storeTimestampAt(log: CommitLog, queue: ConsumeQueue, offset: number): Promise<number> {
  const entry = await queue.entry(offset);
  if (entry === undefined || isPadding(entry)) return -1;
  const record = await log.record(entry.physicalOffset);
  return record === undefined ? -1 : decodeMessage(record).storeTimestamp;
}
