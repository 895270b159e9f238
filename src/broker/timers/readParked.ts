import { CodedError } from '../../base/errors.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { TIMER_TOPIC } from '../../protocol/topicName.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { TimerUnit } from './timerLog.ts';

/** What lies no further apart is read in one piece. */
const MAX_GAP_BYTES = 16 * 1024;
const MAX_PIECE_BYTES = 256 * 1024;

/** The messages of some units, in order; undefined for one that the log does not hold any more. */
export async function readParked(
  messages: MessageStore,
  units: readonly TimerUnit[],
): Promise<(StoredMessage | undefined)[]> {
  const found: (StoredMessage | undefined)[] = [];
  for (let first = 0; first < units.length;) {
    const piece = pieceFrom(units, first);
    const bytes = await messages.bytes(piece.start, piece.end - piece.start);
    for (; first < piece.next; first += 1) {
      const unit = units[first];
      // A piece that is not whole, as across the end of a file, may have whole messages.
      found.push(bytes === undefined ? await readOne(messages, unit) : messageOf(unit, bytes, piece.start));
    }
  }
  return found;
}

async function readOne(messages: MessageStore, unit: TimerUnit | undefined): Promise<StoredMessage | undefined> {
  if (unit === undefined) return undefined;
  const bytes = await messages.bytes(unit.physicalOffset, unit.sizeBytes);
  return bytes === undefined ? undefined : messageOf(unit, bytes, unit.physicalOffset);
}

/** Neighbours in the log from one unit on. */
function pieceFrom(units: readonly TimerUnit[], first: number): { start: number; end: number; next: number } {
  const { physicalOffset: start = 0, sizeBytes = 0 } = units[first] ?? {};
  let end = start + sizeBytes;
  let next = first + 1;
  for (; next < units.length; next += 1) {
    const { physicalOffset = 0, sizeBytes = 0 } = units[next] ?? {};
    const isNear = physicalOffset >= end && physicalOffset - end <= MAX_GAP_BYTES;
    if (!isNear || physicalOffset + sizeBytes - start > MAX_PIECE_BYTES) break;
    end = physicalOffset + sizeBytes;
  }
  return { start, end, next };
}

function messageOf(unit: TimerUnit | undefined, bytes: Buffer, bytesStart: number): StoredMessage | undefined {
  if (unit === undefined) return undefined;
  try {
    const message = decodeMessage(bytes, unit.physicalOffset - bytesStart);
    const isIts = message.physicalOffset === unit.physicalOffset && message.sizeBytes === unit.sizeBytes;
    return isIts && message.topic === TIMER_TOPIC ? message : undefined;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
