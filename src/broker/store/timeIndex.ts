import { decodeMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import { isPadding } from './consumeQueue.ts';
import type { ConsumeQueue } from './consumeQueue.ts';

/** Store times never go back along a queue, so halving finds the place. See MessageStore.offsetByTime. */
export async function offsetByTime(
  log: CommitLog,
  queue: ConsumeQueue | undefined,
  timestamp: number,
  boundary: 'lower' | 'upper',
): Promise<number> {
  if (queue === undefined || queue.max === queue.min) return queue?.max ?? 0;
  const isBefore = (time: number): boolean => (boundary === 'lower' ? time < timestamp : time <= timestamp);
  let [from, to] = [queue.min, queue.max];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isBefore(await storeTimestampAt(log, queue, middle))) from = middle + 1;
    else to = middle;
  }
  return boundary === 'lower' ? from : Math.max(from - 1, queue.min);
}

/** What is no longer in the log counts as older than anything. */
async function storeTimestampAt(log: CommitLog, queue: ConsumeQueue, offset: number): Promise<number> {
  const entry = await queue.entry(offset);
  if (entry === undefined || isPadding(entry)) return -1;
  const record = await log.record(entry.physicalOffset);
  return record === undefined ? -1 : decodeMessage(record).storeTimestamp;
}
