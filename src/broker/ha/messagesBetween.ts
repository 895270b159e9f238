import { BLANK_BYTES, isBlank } from '../store/logScan.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { isRecordAt } from '../store/wholeRecord.ts';

/** More of the log is not read to count what is in it. */
const MOST_BYTES = 16 * 1024 * 1024;
const WINDOW_BYTES = 512 * 1024;
/** As far as it is looked into a record: behind its physical offset. */
const HEAD_BYTES = 36;

/**
 * How many messages lie between two places of the log. Undefined where that is too much to count, or `from` is no
 * beginning of a message: Apache's slaves tell how far they are also within one.
 */
export async function messagesBetween(
  log: Pick<MessageStore, 'readLog'>,
  from: number,
  to: number,
): Promise<number | undefined> {
  if (from < 0 || to - from > MOST_BYTES) return undefined;
  let count = 0;
  let next = from;
  while (next < to) {
    const window = await log.readLog(next, WINDOW_BYTES);
    const start = next;
    for (let at = 0; next < to && window.length - at >= BLANK_BYTES; at = next - start) {
      const isMessage = !isBlank(window, at);
      if (isMessage && window.length - at < HEAD_BYTES) break;
      if (isMessage && !isRecordAt(window.subarray(at), next)) return undefined;
      if (isMessage) count += 1;
      next += window.readInt32BE(at);
    }
    if (next === start) return undefined;
  }
  return count;
}
