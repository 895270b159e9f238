import type { Duplex } from 'node:stream';

import { FRAME_HEAD_BYTES } from '../../protocol/http2/http2Code.ts';

/** Up to here copying is cheaper than a gathering write. */
const GATHER_BYTES = 32 * 1024;
/** Payloads up to here go into the shared memory, behind their heads. */
const COPIED_BYTES = 4 * 1024;
const SHARED_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Frames of all connections are written here one after the other; never written again, since a socket may still hold them. */
let shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
let sharedEnd = 0;

/** Gathers the frames of one turn and hands them over at once: answers of many calls leave in one piece. */
export class FrameOutbox {
  readonly #stream: Duplex;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** The newest piece, which may still grow: a part of `#memory`. */
  #memory = NOTHING;
  #from = 0;
  #to = 0;
  #isScheduled = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** True while the peer reads slower than we write; `drain` of the stream ends that. */
  get isBlocked(): boolean {
    if (this.#bytes + this.#to - this.#from >= GATHER_BYTES) this.flush();
    return this.#stream.writableNeedDrain;
  }

  put(type: number, flags: number, streamId: number, payload: Uint8Array = NOTHING): void {
    const { length } = payload;
    const isCopied = length <= COPIED_BYTES;
    const ownBytes = FRAME_HEAD_BYTES + (isCopied ? length : 0);
    if (sharedEnd + ownBytes > SHARED_BYTES) {
      shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
      sharedEnd = 0;
    }
    if (this.#memory !== shared || this.#to !== sharedEnd) {
      this.#closeMemory();
      this.#memory = shared;
      this.#from = sharedEnd;
    }
    let at = sharedEnd;
    shared[at] = length >>> 16;
    shared[at + 1] = (length >>> 8) & 0xff;
    shared[at + 2] = length & 0xff;
    shared[at + 3] = type;
    shared[at + 4] = flags;
    shared.writeUInt32BE(streamId, at + 5);
    at += FRAME_HEAD_BYTES;
    if (isCopied) shared.set(payload, at);
    this.#to = sharedEnd += ownBytes;
    if (!isCopied) {
      this.#closeMemory();
      this.#push(payload);
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flushScheduled);
  }

  flush(): void {
    this.#closeMemory();
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    const stream = this.#stream;
    const [first] = pieces;
    if (first === undefined || stream.destroyed || stream.writableEnded) return;
    if (pieces.length === 1) stream.write(first);
    else if (bytes <= GATHER_BYTES) stream.write(Buffer.concat(pieces, bytes));
    else {
      stream.cork();
      for (const piece of pieces) stream.write(piece);
      stream.uncork();
    }
  }

  #push({ buffer, byteOffset, length }: Uint8Array): void {
    this.#pieces.push(Buffer.from(buffer, byteOffset, length));
    this.#bytes += length;
  }

  #closeMemory(): void {
    if (this.#from < this.#to) this.#push(this.#memory.subarray(this.#from, this.#to));
    this.#from = this.#to = 0;
    this.#memory = NOTHING;
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}
