import { MAGIC_BLANK, RecordOffset } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import type { FileSeries } from './fileSeries.ts';
import { isRecordAt, mayBeTorn, readWhole } from './wholeRecord.ts';

/** A file ends with at least this much room for a blank record: TOTALSIZE and MAGIC. */
export const BLANK_BYTES = 8;
const SCAN_WINDOW_BYTES = 4 * 1024 * 1024;
/** No frame carries more; a larger size in the log is damage, not a record. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;

/**
 * See CommitLog.scan.
 * @param reached told before each record is given out, and at the end, where the log ends for all that is known
 */
export async function* scanRecords(
  files: FileSeries,
  from: number,
  reached: (end: number, lastRecord?: number) => void,
): AsyncGenerator<StoredMessage> {
  let position = from;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = from;
  for (;;) {
    const at = position - windowAt;
    const sizeBytes = window.length - at >= BLANK_BYTES ? window.readInt32BE(at) : 0;
    const isHeld = sizeBytes >= BLANK_BYTES && (at + sizeBytes <= window.length || isBlank(window, at));
    if (!isHeld) {
      if (sizeBytes > MAX_RECORD_BYTES) break;
      const fresh = await files.read(position, Math.max(SCAN_WINDOW_BYTES, sizeBytes));
      if (fresh.length <= window.length - at) break;
      [window, windowAt] = [fresh, position];
      continue;
    }
    if (isBlank(window, at)) {
      if (position + sizeBytes !== files.startOf(position) + files.fileBytes) break;
      position += sizeBytes;
      [window, windowAt] = [Buffer.alloc(0), position];
      reached(position);
      continue;
    }
    const message = readWhole(window, at, position);
    if (message === undefined) break;
    if (mayBeTorn(message) && !(await continuesAt(files, position + message.sizeBytes))) break;
    const lastRecord = position;
    position += message.sizeBytes;
    reached(position, lastRecord);
    yield message;
  }
  reached(position);
}

/** Whether a whole record begins there and ends no later than `end`. */
export async function holdsRecord(files: FileSeries, physicalOffset: number, end: number): Promise<boolean> {
  const head = await files.read(physicalOffset, BLANK_BYTES);
  const sizeBytes = head.length < BLANK_BYTES ? 0 : head.readInt32BE(0);
  if (sizeBytes <= 0 || physicalOffset + sizeBytes > end) return false;
  const message = readWhole(await files.read(physicalOffset, sizeBytes), 0, physicalOffset);
  return message !== undefined && !mayBeTorn(message);
}

/** Whether a record begins there, or the blank that fills a file. */
async function continuesAt(files: FileSeries, position: number): Promise<boolean> {
  const headBytes = RecordOffset.PHYSICAL_OFFSET + 8;
  const head = await files.read(position, headBytes);
  if (head.length >= headBytes && isRecordAt(head, position)) return true;
  return head.length >= BLANK_BYTES && isBlank(head, 0);
}

export function isBlank(window: Buffer, at: number): boolean {
  return window.readInt32BE(at + RecordOffset.MAGIC) === MAGIC_BLANK;
}
