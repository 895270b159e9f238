import { CodedError } from '../../base/errors.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import { BLANK_BYTES, MAX_RECORD_BYTES, isBlank } from './logScan.ts';
import type { RecordPlaces } from './recordPlaces.ts';
import { readWhole } from './wholeRecord.ts';

/** Room for what comes with one read of a socket, and more for a large record. */
const HELD_BYTES = 256 * 1024;
const MAX_IDLE_BYTES = 1024 * 1024;

/**
 * The log of a master, byte by byte at the same places. Only whole records come into the files, so that neither a
 * reader nor a start ever meets half of one; they are looked at first, and bytes that cannot belong there are refused.
 */
export class Replica {
  readonly #log: CommitLog;
  readonly #places: RecordPlaces;
  /** What came and is not in the log: after `store` the beginning of a record or blank whose end did not come yet. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  /** So many bytes it takes, as far as that is known. */
  #neededBytes = BLANK_BYTES;

  constructor(log: CommitLog, places: RecordPlaces) {
    this.#log = log;
    this.#places = places;
  }

  /** Where the next bytes belong. */
  get next(): number {
    return this.#log.end + this.#heldBytes;
  }

  /** A log that is empty begins there. */
  beginAt(position: number): void {
    if (this.next === 0) this.#log.trustUpTo(position, -1);
  }

  /** Forgets what is not in the log, which comes again. */
  reset(): void {
    this.#heldBytes = 0;
    this.#neededBytes = BLANK_BYTES;
  }

  /** Bytes that belong at `next`; a copy is kept of them until `store`. */
  take(piece: Buffer): void {
    const end = this.#heldBytes + piece.length;
    if (end > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(HELD_BYTES, 2 * end));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = end;
  }

  /**
   * Brings what is whole of it into the log, together.
   * @throws CodedError `message-illegal` for bytes that are no records of that place, `store-full`; nothing is held then
   */
  store(): void {
    if (this.#heldBytes < this.#neededBytes) return;
    const bytes = this.#held.subarray(0, this.#heldBytes);
    this.reset();
    const taken = this.#takeWhole(bytes);
    bytes.copyWithin(0, taken);
    this.#heldBytes = bytes.length - taken;
    if (this.#held.length > MAX_IDLE_BYTES && this.#heldBytes < HELD_BYTES) {
      this.#held = Buffer.from(bytes.subarray(0, this.#heldBytes));
    }
  }

  /** @returns up to where the bytes are in the log */
  #takeWhole(bytes: Buffer): number {
    const log = this.#log;
    let from = 0;
    let at = 0;
    let messages: StoredMessage[] = [];
    const append = (): void => {
      if (messages.length > 0) this.#append(bytes.subarray(from, at), messages);
      messages = [];
      from = at;
    };
    while (bytes.length - at >= BLANK_BYTES) {
      const sizeBytes = bytes.readInt32BE(at);
      const position = log.end + at - from;
      if (sizeBytes < BLANK_BYTES || sizeBytes > MAX_RECORD_BYTES) throw foreign(position);
      if (bytes.length - at < sizeBytes) {
        this.#neededBytes = sizeBytes;
        break;
      }
      if (isBlank(bytes, at)) {
        append();
        if (!log.fill(bytes.subarray(at, at + BLANK_BYTES))) throw foreign(position);
        at += sizeBytes;
        from = at;
        continue;
      }
      const message = readWhole(bytes, at, position);
      if (message === undefined) throw foreign(position);
      messages.push(message);
      at += sizeBytes;
    }
    append();
    return at;
  }

  #append(bytes: Buffer, messages: readonly StoredMessage[]): void {
    this.#log.takeOver(bytes, messages.at(-1)?.physicalOffset ?? -1);
    this.#places.takeOver(messages);
  }
}

function foreign(position: number): CodedError {
  return new CodedError('message-illegal', { reason: `what the master sends for ${position} does not belong there` });
}
