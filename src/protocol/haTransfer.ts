import { CodedError } from '../base/errors.ts';
import { readInt64, writeInt64 } from './bigEndian.ts';

/*
 * How a slave follows its master, on a connection that it opens to the master's haListenPort:
 *   slave  → master  report:   end of the slave's log 8
 *   master → slave   transfer: offset in the log 8 | size 4 | bytes of the log; size 0 is a sign of life
 * Source: DefaultHAConnection.java, DefaultHAClient.java; broker sheet §13.1.
 */
const REPORT_BYTES = 8;
const HEADER_BYTES = 12;
const EMPTY = Buffer.alloc(0);

export function encodeHaReport(offset: number): Buffer {
  const bytes = Buffer.alloc(REPORT_BYTES);
  writeInt64(bytes, offset, 0);
  return bytes;
}

export function encodeTransferHeader(offset: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  writeInt64(bytes, offset, 0);
  bytes.writeInt32BE(sizeBytes, 8);
  return bytes;
}

/** Reads the reports of a slave out of chunks that may split them anywhere. */
export class HaReportReader {
  #rest: Buffer = EMPTY;

  /** @returns the newest whole report, which makes those before it idle */
  push(chunk: Buffer): number | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % REPORT_BYTES);
    this.#rest = Buffer.from(bytes.subarray(whole));
    return whole === 0 ? undefined : readInt64(bytes, whole - REPORT_BYTES);
  }
}

/** Bytes of the log, or none as a sign of life: then `offset` is where the next ones will belong. */
export interface LogPiece {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Reads what a master transfers out of chunks that may split it anywhere; of a transfer it holds its header alone. */
export class HaTransferReader {
  #header: Buffer = EMPTY;
  #offset = 0;
  #left = 0;

  /** @throws CodedError `frame-illegal`; what comes after it means nothing */
  *push(chunk: Buffer): Generator<LogPiece> {
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const bytes = chunk.subarray(at, at + this.#left);
        yield { offset: this.#offset, bytes };
        this.#offset += bytes.length;
        this.#left -= bytes.length;
        at += bytes.length;
        continue;
      }
      const part = chunk.subarray(at, at + HEADER_BYTES - this.#header.length);
      this.#header = Buffer.concat([this.#header, part]);
      at += part.length;
      if (this.#header.length < HEADER_BYTES) return;
      this.#offset = readInt64(this.#header, 0);
      this.#left = this.#header.readInt32BE(8);
      this.#header = EMPTY;
      if (this.#offset < 0 || this.#left < 0) {
        throw new CodedError('frame-illegal', { reason: `a transfer of ${this.#left} bytes at ${this.#offset}` });
      }
      if (this.#left === 0) yield { offset: this.#offset, bytes: EMPTY };
    }
  }
}
