import { CodedError, systemErrorCode } from '../base/errors.ts';
import { FIRST_BYTES, foreignProtocol } from './foreignProtocol.ts';

/** Says why a connection ended, also when the peer speaks no RocketMQ: its first bytes tell. */
export class ConnectionEnd {
  readonly #address: string;
  /** What came before the first whole frame; undefined after it. */
  #firstBytes: Buffer | undefined = Buffer.alloc(0);

  constructor(address: string) {
    this.#address = address;
  }

  bytesCame(chunk: Buffer): void {
    if (this.#firstBytes === undefined || this.#firstBytes.length >= FIRST_BYTES) return;
    this.#firstBytes = Buffer.concat([this.#firstBytes, chunk.subarray(0, FIRST_BYTES)]);
  }

  frameCame(): void {
    this.#firstBytes = undefined;
  }

  closed(cause?: unknown): CodedError {
    const reason = systemErrorCode(cause);
    const details = { address: this.#address, ...(reason === undefined ? {} : { reason }) };
    return new CodedError('connection-closed', details, { cause });
  }

  /** Of one that ended before a frame was whole. */
  cutShort(): CodedError {
    return this.#foreign() ?? this.closed();
  }

  unreadable(error: unknown): CodedError {
    return this.#foreign() ?? (error instanceof CodedError ? error : this.closed(error));
  }

  #foreign(): CodedError | undefined {
    const speaks = this.#firstBytes === undefined ? undefined : foreignProtocol(this.#firstBytes);
    return speaks && new CodedError('not-rocketmq', { address: this.#address, speaks });
  }
}
