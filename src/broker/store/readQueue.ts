import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import type { CommitLog } from './commitLog.ts';
import { ENTRY_BYTES, entryAt, isPadding, physicalOffsetAt } from './queueEntry.ts';
import type { ConsumeQueue } from './consumeQueue.ts';
import type { QueueEntry } from './queueEntry.ts';
import { RecordReader } from './recordReader.ts';
import { hideUnmatched } from './hideUnmatched.ts';

/** Source: GetMessageStatus.java; broker sheet §6.2. */
export type ReadStatus =
  | 'found'
  | 'no-matched-message'
  | 'message-was-removing'
  | 'no-message-in-queue'
  | 'offset-too-small'
  | 'offset-overflow-one'
  | 'offset-overflow-badly';

export interface ReadRequest {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** What the reader wants; default all. */
  readonly filter?: MessageFilter;
}

export interface ReadResult {
  readonly status: ReadStatus;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Pieces of the log: whole records, in order; one piece may hold several. */
  readonly records: readonly Buffer[];
  readonly count: number;
  readonly sizeBytes: number;
  /** Where in the log the last message lies that was looked at, whether the reader wants it or not. */
  readonly lookedAt: number | undefined;
}

/** Per call, whatever the reader asks for (`maxTransferCountOnMessageInMemory`, `maxTransferBytesOnMessageInMemory`). */
const MAX_MESSAGES = 32;
const MAX_BYTES = 256 * 1024;
/** Entries looked at per call: 16 000 bytes of index (MessageStoreConfig.maxFilterMessageSize). */
const MAX_SCANNED = 16_000 / ENTRY_BYTES;

interface Span {
  readonly physicalOffset: number;
  /** Place of its first entry among those looked at. */
  readonly firstEntry: number;
  /** Places looked at up to its last entry. */
  scanned: number;
  count: number;
  sizeBytes: number;
}

export async function readQueue(
  log: CommitLog,
  queue: ConsumeQueue | undefined,
  request: ReadRequest,
): Promise<ReadResult> {
  const minOffset = queue?.min ?? 0;
  const maxOffset = queue?.max ?? 0;
  const { offset } = request;
  let lookedAt: number | undefined;
  const without = (status: ReadStatus, nextBeginOffset: number): ReadResult => {
    return { status, nextBeginOffset, minOffset, maxOffset, records: [], count: 0, sizeBytes: 0, lookedAt };
  };
  if (queue === undefined || maxOffset === 0) return without('no-message-in-queue', 0);
  if (offset < minOffset) return without('offset-too-small', minOffset);
  if (offset === maxOffset) return without('offset-overflow-one', offset);
  if (offset > maxOffset) return without('offset-overflow-badly', maxOffset);

  const { filter } = request;
  const maxMessages = Math.min(request.maxMessages, MAX_MESSAGES);
  const all = await queue.entries(offset, MAX_SCANNED);
  const entries =
    filter?.matchesProperties === undefined ? all : await hideUnmatched(log, all, { filter, maxMessages });
  const { spans, scanned } = pick(entries, request, maxMessages, log.start);
  // Not of `entries`, where what a filter refuses points nowhere.
  if (scanned > 0) lookedAt = physicalOffsetAt(all, (scanned - 1) * ENTRY_BYTES);
  if (spans.length === 0) return without('no-matched-message', offset + scanned);
  const reader = new RecordReader(log, spans);
  const records: Buffer[] = [];
  let [count, sizeBytes, nextBeginOffset] = [0, 0, offset + scanned];
  for (const [index, span] of spans.entries()) {
    const read = reader.read(index);
    const piece = read instanceof Promise ? await read : read;
    if (piece === undefined) {
      const before = spans[index - 1];
      if (before === undefined) return without('message-was-removing', offset + span.firstEntry + 1);
      nextBeginOffset = offset + before.scanned;
      break;
    }
    records.push(piece);
    count += span.count;
    sizeBytes += span.sizeBytes;
  }
  return { status: 'found', nextBeginOffset, minOffset, maxOffset, records, count, sizeBytes, lookedAt };
}

interface Picked {
  readonly spans: readonly Span[];
  /** Entries that need not be looked at again. */
  readonly scanned: number;
}

/** At least one matching message, if there is one among the entries; then as many as the limits allow. */
function pick(entries: Buffer, request: ReadRequest, maxMessages: number, logStart: number): Picked {
  const maxBytes = Math.min(request.maxBytes, MAX_BYTES);
  const spans: Span[] = [];
  let [count, sizeBytes, scanned] = [0, 0, 0];
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    const entry = entryAt(entries, at);
    if (count > 0 && (count >= maxMessages || sizeBytes + entry.sizeBytes > maxBytes)) break;
    scanned += 1;
    if (isPadding(entry) || entry.physicalOffset < logStart) continue;
    if (request.filter !== undefined && !request.filter.matchesCode(entry.tagsCode)) continue;
    addToSpans(spans, entry, scanned);
    count += 1;
    sizeBytes += entry.sizeBytes;
  }
  return { spans, scanned };
}

/** Neighbours in the log become one piece. */
function addToSpans(spans: Span[], { physicalOffset, sizeBytes }: QueueEntry, scanned: number): void {
  const last = spans.at(-1);
  if (last === undefined || last.physicalOffset + last.sizeBytes !== physicalOffset) {
    spans.push({ physicalOffset, firstEntry: scanned - 1, scanned, count: 1, sizeBytes });
    return;
  }
  last.scanned = scanned;
  last.count += 1;
  last.sizeBytes += sizeBytes;
}
