import { LITE_QUEUE_ID } from '../../protocol/liteTopic.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CommitLog } from './commitLog.ts';
import { hasQueueEntry } from './dispatch.ts';
import type { KeyIndex } from './keyIndex.ts';
import { storedLightPlaces } from './lightQueues.ts';
import { holdsRecord } from './logScan.ts';
import type { QueueEntry } from './queueEntry.ts';
import type { QueueTable } from './queueTable.ts';

export interface Recovery {
  /** Where reading began: everything before was known to be whole. */
  readonly from: number;
  readonly records: number;
  readonly lastTimestamp: number;
}

export interface RecoveryParts {
  readonly log: CommitLog;
  readonly queues: QueueTable;
  /** Undefined when none is kept. */
  readonly index: KeyIndex | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** The broker that had the store last did not close it. */
  readonly crashed: boolean;
  readonly indexFinishedTimestamp: number;
  readonly tagsCodeOf: (record: StoredMessage) => number;
  /** Do lite topics have queues of their own? */
  readonly hasLightQueues: boolean;
}

/**
 * Finds the end of the log and makes queues and index agree with it: entries from the safe offset on are thrown away
 * and made again from the records, so that a crash at any byte loses no record that was whole, doubles none and leaves
 * none torn.
 */
export async function recover(parts: RecoveryParts): Promise<Recovery> {
  const { log, queues, index, tagsCodeOf } = parts;
  const checkpoint = await usableCheckpoint(parts);
  const from = checkpoint?.safeOffset ?? (await startWithoutCheckpoint(parts));
  await index?.load({
    crashed: parts.crashed,
    finishedTimestamp: parts.indexFinishedTimestamp,
  });
  let records = index === undefined ? 0 : await fillIndex(log, index, checkpoint, from);
  let lastTimestamp = checkpoint?.storeTimestamp ?? 0;
  log.trustUpTo(from, checkpoint?.lastRecordOffset ?? -1);
  for await (const record of log.scan(from)) {
    records += 1;
    lastTimestamp = Math.max(lastTimestamp, record.storeTimestamp);
    const { physicalOffset, sizeBytes, queueOffset } = record;
    if (index !== undefined && physicalOffset > index.endOffset) index.put(record, physicalOffset);
    if (!hasQueueEntry(record.sysFlag)) continue;
    const { topic, queueId, properties } = record;
    const entry = { physicalOffset, sizeBytes, tagsCode: tagsCodeOf(record) };
    await restore(queues, { topic, queueId, offset: queueOffset }, entry);
    if (!parts.hasLightQueues) continue;
    for (const { name, offset } of storedLightPlaces(topic, properties)) {
      await restore(queues, { topic: name, queueId: LITE_QUEUE_ID, offset }, entry);
    }
  }
  log.cutBehindEnd();
  await index?.truncate(log.end);
  return { from, records, lastTimestamp };
}

async function restore(
  queues: QueueTable,
  { topic, queueId, offset }: { readonly topic: string; readonly queueId: number; readonly offset: number },
  entry: QueueEntry,
): Promise<void> {
  let queue = queues.obtain(topic, queueId);
  if (offset < queue.max) {
    // Number 0 behind the last one: the topic was deleted in between and made again.
    if (offset > 0 || entry.physicalOffset <= (await queue.lastPhysicalOffset())) return;
    await queues.deleteQueue(queue);
    queue = queues.obtain(topic, queueId);
  }
  queues.put(queue, offset, entry);
}

/** After a clean stop it is believed; after a crash, or when it does not fit the log, what it says is looked at. */
async function usableCheckpoint(parts: RecoveryParts): Promise<Checkpoint | undefined> {
  const { log, queues, checkpoint, crashed } = parts;
  if (checkpoint === undefined) return undefined;
  const { safeOffset, lastRecordOffset, queueEntries } = checkpoint;
  if (safeOffset < log.start || safeOffset > (log.files.end ?? 0)) return undefined;
  await queues.load({ logStart: log.start, safeOffset, crashed });
  if (!crashed) {
    queues.trustEntryCount(queueEntries);
    return checkpoint;
  }
  if (lastRecordOffset >= log.start && !(await holdsRecord(log.files, lastRecordOffset, safeOffset))) return undefined;
  return queues.countEntries() && queues.entryCount === queueEntries ? checkpoint : undefined;
}

/** A directory that Apache's broker closed has all in its queues; otherwise the whole log is read. */
async function startWithoutCheckpoint({ log, queues, crashed }: RecoveryParts): Promise<number> {
  const logEnd = log.files.end ?? 0;
  if (!crashed) {
    await queues.load({ logStart: log.start, safeOffset: logEnd, crashed });
    if (queues.countEntries()) {
      let recordsEnd = log.start;
      for (const queue of queues.all()) recordsEnd = Math.max(recordsEnd, queue.recordsEnd);
      if (recordsEnd <= logEnd) return recordsEnd;
    }
  }
  await queues.load({ logStart: log.start, safeOffset: log.start, crashed });
  queues.countEntries();
  return log.start;
}

/**
 * Indexes the messages before the safe offset that the index lacks, as when its files were lost or another broker
 * wrote the log without them. @returns how many records that took
 */
async function fillIndex(
  log: CommitLog,
  index: KeyIndex,
  checkpoint: Checkpoint | undefined,
  safeOffset: number,
): Promise<number> {
  if (checkpoint !== undefined && index.endOffset >= checkpoint.indexEndOffset) return 0;
  // Of the newest message some keys may be missing: they may even lie in two files.
  await index.truncate(index.endOffset);
  let records = 0;
  for (let from = Math.max(index.endOffset, log.start); from < safeOffset;) {
    for await (const record of log.scan(from)) {
      if (record.physicalOffset >= safeOffset) break;
      records += 1;
      if (record.physicalOffset > index.endOffset) index.put(record, record.physicalOffset);
    }
    // Behind a hole that somebody else made the next file begins anew.
    from = log.files.startOf(log.end) + log.files.fileBytes;
  }
  return records;
}
