import { DEFAULT_FRAME_BYTES, FRAME_HEAD_BYTES, Http2Code, Http2Error, PREFACE } from './http2Code.ts';

/** Takes a frame: its type, flags, stream and payload, which is a part of what came. */
export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts what a client sends into its greeting and frames. Source: RFC 9113 §3.4, §4.1. */
export class FrameSplitter {
  #held: Buffer | undefined;
  #isGreeted = false;

  /** @throws Http2Error, and whatever `take` throws */
  push(chunk: Buffer, take: TakeFrame): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    let at = 0;
    if (!this.#isGreeted) {
      checkPreface(bytes);
      if (bytes.length >= PREFACE.length) {
        this.#isGreeted = true;
        at = PREFACE.length;
      }
    }
    while (this.#isGreeted && bytes.length - at >= FRAME_HEAD_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      if (length > DEFAULT_FRAME_BYTES) {
        throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, `a frame of ${length} bytes is larger than was agreed`);
      }
      const from = at + FRAME_HEAD_BYTES;
      if (bytes.length < from + length) break;
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      at = from + length;
      take(bytes[from - 6] as number, bytes[from - 5] as number, streamId, bytes.subarray(from, at));
    }
    if (at < bytes.length) this.#held = at === 0 ? bytes : bytes.subarray(at);
  }
}

function checkPreface(bytes: Buffer): void {
  const length = Math.min(bytes.length, PREFACE.length);
  if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) {
    throw new Http2Error(Http2Code.PROTOCOL_ERROR, 'the peer does not speak HTTP/2');
  }
}
