import { CodedError } from '../../base/errors.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import { BLANK_BYTES, MAX_RECORD_BYTES, isBlank } from './logScan.ts';
import type { RecordPlaces } from './recordPlaces.ts';
import { readWhole } from './wholeRecord.ts';

/**
 * The log of a master, byte by byte at the same places. Only whole records come into the files, so that neither a
 * reader nor a start ever meets half of one; they are looked at first, and bytes that cannot belong there are refused.
 */
export class Replica {
  readonly #log: CommitLog;
  readonly #places: RecordPlaces;
  /** The beginning of a record or blank whose end did not come yet. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** So many bytes it takes, as far as that is known. */
  #neededBytes = BLANK_BYTES;

  constructor(log: CommitLog, places: RecordPlaces) {
    this.#log = log;
    this.#places = places;
  }

  /** Where the next bytes belong. */
  get next(): number {
    return this.#log.end + this.#restBytes;
  }

  /** A log that is empty begins there. */
  beginAt(position: number): void {
    if (this.next === 0) this.#log.trustUpTo(position, -1);
  }

  /** Forgets what is not whole, which comes again. */
  reset(): void {
    this.#rest = [];
    this.#restBytes = 0;
    this.#neededBytes = BLANK_BYTES;
  }

  /** @throws CodedError `message-illegal` for bytes that are no records of that place, `store-full` */
  take(piece: Buffer): void {
    this.#rest.push(piece);
    this.#restBytes += piece.length;
    if (this.#restBytes < this.#neededBytes) return;
    const bytes = this.#rest.length === 1 ? piece : Buffer.concat(this.#rest);
    this.reset();
    const taken = this.#takeWhole(bytes);
    if (taken === bytes.length) return;
    this.#rest = [Buffer.from(bytes.subarray(taken))];
    this.#restBytes = bytes.length - taken;
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
