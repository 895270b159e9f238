import type { FileSeries } from './fileSeries.ts';
import { firstWhere } from './firstWhere.ts';
import { ENTRY_BYTES, entryAt, isPadding } from './queueEntry.ts';
import type { QueueEntry } from './queueEntry.ts';

/** What the queues of a store know of its log. */
export interface LogBounds {
  /** Offset of the oldest record. */
  logStart: number;
  /** Up to here it was known to be whole when the store was opened. */
  readonly safeOffset: number;
  /** After a crash files that were cut get their length again. */
  readonly crashed: boolean;
}

/**
 * The ends of a queue by what is in its files. Entries of records before the log are gone, those past its safe offset
 * are made again.
 */
export function findEnds(files: FileSeries, { logStart, safeOffset }: LogBounds): QueueEnds {
  const { start, end } = files;
  if (start === undefined || end === undefined) return { min: 0, max: 0 };
  const [first, last] = [start / ENTRY_BYTES, end / ENTRY_BYTES];
  const read = (offset: number): QueueEntry => entryAt(files.readSync(offset * ENTRY_BYTES, ENTRY_BYTES), 0);
  const max = firstWhere(first, last, (offset) => {
    const entry = read(offset);
    return entry.sizeBytes === 0 || entry.physicalOffset >= safeOffset;
  });
  if (max < last) files.truncate(max * ENTRY_BYTES);
  const min = firstWhere(first, max, (offset) => {
    const entry = read(offset);
    return !isPadding(entry) && entry.physicalOffset >= logStart;
  });
  return { min, max };
}

interface QueueEnds {
  /** Offset of the oldest message. */
  readonly min: number;
  /** Offset that the next message gets. */
  readonly max: number;
}
