import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { writeInt64 } from '../../protocol/bigEndian.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import { ENTRY_BYTES, entryAt, isPadding } from './queueEntry.ts';
import type { QueueEntry } from './queueEntry.ts';
import { RecordReader } from './recordReader.ts';

/**
 * A copy of the entries in which those whose records' properties the filter refuses point before the log, as if their
 * messages were gone; it ends where as many match as the reader takes.
 */
export async function hideUnmatched(
  log: CommitLog,
  entries: Buffer,
  { filter, maxMessages }: { readonly filter?: MessageFilter; readonly maxMessages: number },
): Promise<Buffer> {
  if (filter?.matchesProperties === undefined) return entries;
  const looked = Buffer.from(entries);
  const candidates: (QueueEntry & { readonly at: number })[] = [];
  for (let at = 0; at < looked.length; at += ENTRY_BYTES) {
    const entry = entryAt(looked, at);
    if (isPadding(entry) || entry.physicalOffset < log.start || !filter.matchesCode(entry.tagsCode)) continue;
    candidates.push({ ...entry, at });
  }
  const reader = new RecordReader(log, candidates);
  let matching = 0;
  for (const [index, { at }] of candidates.entries()) {
    if (matching >= maxMessages) return looked.subarray(0, at);
    const record = await reader.read(index);
    if (record === undefined) continue;
    if (filter.matchesProperties(decodeMessage(record).properties)) matching += 1;
    else writeInt64(looked, -1, at);
  }
  return looked;
}
