import type { Duplex } from 'node:stream';

import { EMPTY_BODY } from '../protocol/command.ts';
import type { RemotingCommand } from '../protocol/command.ts';
import { encodeHead, writePlainHead } from '../protocol/frame.ts';

/** Up to here copying is cheaper than a gathering write. */
const GATHER_BYTES = 32 * 1024;
/** Bodies up to here go into the shared memory, behind their heads. */
const COPIED_BODY_BYTES = 4 * 1024;
const SHARED_BYTES = 64 * 1024;

/** Frames of all connections are written here one after the other; never written again, since a socket may still hold them. */
let shared: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
let sharedEnd = 0;

/**
 * Gathers the frames that are written to a stream within one turn and hands them over at once: one write for small
 * ones, one gathering write for large ones.
 */
export class Outbox {
  readonly #stream: Duplex;
  readonly #onWrite: () => void;
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** The newest piece, which may still grow: a part of `#memory`. */
  #memory: Buffer = EMPTY_BODY;
  #from = 0;
  #to = 0;
  #isScheduled = false;
  /** While true `flush` will be called by the owner, so nothing is scheduled. */
  #isHeld = false;

  /** @param onWrite called before the stream gets what was gathered */
  constructor(stream: Duplex, onWrite: () => void) {
    this.#stream = stream;
    this.#onWrite = onWrite;
  }

  /** True while the peer reads slower than we write; `drain` of the stream ends that. */
  get isBlocked(): boolean {
    if (this.#piecesBytes + this.#to - this.#from >= GATHER_BYTES) this.flush();
    return this.#stream.writableNeedDrain;
  }

  /**
   * The pieces of a body are written without a copy unless they are small.
   * @throws CodedError `frame-too-large`
   */
  put(command: RemotingCommand, body: Buffer | readonly Buffer[]): void {
    const bodies = Buffer.isBuffer(body) ? [body] : body;
    let bodyBytes = 0;
    for (const piece of bodies) bodyBytes += piece.length;
    if (!this.#putPlain(command, bodyBytes)) this.#putPiece(encodeHead(command, bodyBytes));
    if (bodyBytes > 0) for (const piece of bodies) this.#putBody(piece);
    if (this.#isHeld || this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flushScheduled);
  }

  /** Gathers everything that is put until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  flush(): void {
    if (this.#pieces.length === 0 && this.#from === this.#to) return;
    this.#closeMemory();
    const pieces = this.#pieces;
    const sizeBytes = this.#piecesBytes;
    this.#pieces = [];
    this.#piecesBytes = 0;
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#onWrite();
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined) this.#stream.write(first);
    else if (sizeBytes <= GATHER_BYTES) this.#stream.write(Buffer.concat(pieces, sizeBytes));
    else {
      this.#stream.cork();
      for (const piece of pieces) this.#stream.write(piece);
      this.#stream.uncork();
    }
  }

  #putPlain(command: RemotingCommand, bodyBytes: number): boolean {
    let end = writePlainHead(command, bodyBytes, shared, sharedEnd);
    if (end < 0 && sharedEnd > SHARED_BYTES / 2) {
      takeFreshMemory();
      end = writePlainHead(command, bodyBytes, shared, 0);
    }
    if (end < 0) return false;
    this.#grow(end);
    return true;
  }

  #putBody(piece: Buffer): void {
    if (piece.length > COPIED_BODY_BYTES) {
      this.#putPiece(piece);
      return;
    }
    if (sharedEnd + piece.length > SHARED_BYTES) takeFreshMemory();
    shared.set(piece, sharedEnd);
    this.#grow(sharedEnd + piece.length);
  }

  /** What was written to the shared memory up to `end` follows the frames before, or begins a piece. */
  #grow(end: number): void {
    if (this.#memory !== shared || this.#to !== sharedEnd) {
      this.#closeMemory();
      this.#memory = shared;
      this.#from = sharedEnd;
    }
    this.#to = sharedEnd = end;
  }

  #putPiece(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#closeMemory();
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
  }

  #closeMemory(): void {
    if (this.#from < this.#to) {
      this.#pieces.push(this.#memory.subarray(this.#from, this.#to));
      this.#piecesBytes += this.#to - this.#from;
    }
    this.#from = this.#to;
    this.#memory = EMPTY_BODY;
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}

function takeFreshMemory(): void {
  shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  sharedEnd = 0;
}
