import type { Duplex } from 'node:stream';

/**
 * Gathers what is written to a stream within one turn and hands it over at once: one write for small frames, one
 * gathering write for large ones.
 */
export class Outbox {
  readonly #stream: Duplex;
  #buffers: Buffer[] = [];
  #sizeBytes = 0;
  #isScheduled = false;
  /** While true `flush` will be called by the owner, so nothing is scheduled. */
  #isHeld = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** True while the peer reads slower than we write; `drain` of the stream ends that. */
  get isBlocked(): boolean {
    if (this.#sizeBytes >= GATHER_BYTES) this.flush();
    return this.#stream.writableNeedDrain;
  }

  put(head: Buffer, bodies: readonly Buffer[]): void {
    this.#buffers.push(head);
    this.#sizeBytes += head.length;
    for (const body of bodies) {
      if (body.length === 0) continue;
      this.#buffers.push(body);
      this.#sizeBytes += body.length;
    }
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
    if (this.#buffers.length === 0) return;
    const buffers = this.#buffers;
    const sizeBytes = this.#sizeBytes;
    this.#buffers = [];
    this.#sizeBytes = 0;
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    const [first] = buffers;
    if (buffers.length === 1 && first !== undefined) this.#stream.write(first);
    else if (sizeBytes <= GATHER_BYTES) this.#stream.write(Buffer.concat(buffers, sizeBytes));
    else {
      this.#stream.cork();
      for (const buffer of buffers) this.#stream.write(buffer);
      this.#stream.uncork();
    }
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}

/** Up to here copying is cheaper than a gathering write. */
const GATHER_BYTES = 32 * 1024;
