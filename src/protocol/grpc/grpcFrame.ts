import { withoutCrumbs } from '../crumbs.ts';
import { GrpcError, GrpcStatus } from './grpcStatus.ts';

/* Length-prefixed messages: a flag of one byte, four of length, the message. Source: PROTOCOL-HTTP2.md. */

const PREFIX_BYTES = 5;

export interface GrpcFrame {
  readonly isCompressed: boolean;
  readonly message: Buffer;
}

/** A message that is not compressed, ready to be written. */
export function encodeGrpcFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Cuts a stream of bytes into messages; one that arrives in pieces is copied once. */
export class GrpcFrameSplitter {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True in the middle of a message. */
  get isPartial(): boolean {
    return this.#heldBytes > 0;
  }

  /** @throws GrpcError RESOURCE_EXHAUSTED for a message that is too large */
  push(chunk: Buffer): GrpcFrame[] {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    this.#chunks = withoutCrumbs(this.#chunks, this.#heldBytes);
    const frames: GrpcFrame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): GrpcFrame | undefined {
    if (this.#heldBytes < PREFIX_BYTES) return undefined;
    let first = this.#chunks[0] as Buffer;
    if (first.length < PREFIX_BYTES) first = this.#joined();
    const length = first.readUInt32BE(1);
    if (length > this.#maxBytes) {
      throw new GrpcError(
        GrpcStatus.RESOURCE_EXHAUSTED,
        `a message of ${length} bytes is larger than the ${this.#maxBytes} that are taken`,
      );
    }
    const end = PREFIX_BYTES + length;
    if (this.#heldBytes < end) return undefined;
    if (first.length < end) first = this.#joined();
    if (first.length === end) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(end);
    this.#heldBytes -= end;
    return { isCompressed: first[0] === 1, message: first.subarray(PREFIX_BYTES, end) };
  }

  #joined(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
