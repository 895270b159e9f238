import type { StoredMessage } from '../../protocol/message.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CommitLog } from './commitLog.ts';
import { hasQueueEntry } from './dispatch.ts';
import type { QueueTable } from './queueTable.ts';

export interface Recovery {
  /** Where reading began: everything before was known to be whole. */
  readonly from: number;
  readonly records: number;
  readonly lastTimestamp: number;
}

/**
 * Finds the end of the log and makes the queues agree with it: entries from the safe offset on are thrown away and
 * made again from the records, so that a crash at any byte loses no record that was whole, doubles none and leaves
 * none torn.
 */
export async function recover(parts: {
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly checkpoint: Checkpoint | undefined;
  readonly tagsCodeOf: (record: StoredMessage) => number;
}): Promise<Recovery> {
  const { log, queues, checkpoint, tagsCodeOf } = parts;
  const from = startOfScan(parts);
  await queues.load(log.start, from);
  let records = 0;
  let lastTimestamp = checkpoint?.storeTimestamp ?? 0;
  for await (const record of log.scan(from)) {
    records += 1;
    lastTimestamp = Math.max(lastTimestamp, record.storeTimestamp);
    if (!hasQueueEntry(record.sysFlag)) continue;
    const queue = queues.obtain(record.topic, record.queueId);
    if (record.queueOffset < queue.max) continue;
    const { physicalOffset, sizeBytes, queueOffset } = record;
    queue.put(queueOffset, { physicalOffset, sizeBytes, tagsCode: tagsCodeOf(record) });
  }
  log.cutBehindEnd();
  return { from, records, lastTimestamp };
}

/** Our own mark when it fits the log; a directory of Apache's broker is read whole. */
function startOfScan({ log, checkpoint }: { log: CommitLog; checkpoint: Checkpoint | undefined }): number {
  const end = log.files.end ?? log.start;
  const safe = checkpoint?.safeOffset;
  return safe === undefined || safe < log.start || safe > end ? log.start : safe;
}
