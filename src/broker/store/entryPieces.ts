/** Pieces that are kept. */
const MAX_PIECES = 64;

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * What was read last from the files of queues: who catches up comes again for what lies behind. Entries in files never
 * change.
 */
export class EntryPieces {
  readonly #entryBytes: number;
  readonly #pieces = new Map<object, Piece>();

  constructor(entryBytes: number) {
    this.#entryBytes = entryBytes;
  }

  /** `count` entries of a queue, all of them or none. */
  find(queue: object, offset: number, count: number): Buffer | undefined {
    const piece = this.#pieces.get(queue);
    if (piece === undefined || offset < piece.offset) return undefined;
    const at = (offset - piece.offset) * this.#entryBytes;
    const end = at + count * this.#entryBytes;
    return end <= piece.bytes.length ? piece.bytes.subarray(at, end) : undefined;
  }

  keep(queue: object, offset: number, bytes: Buffer): void {
    this.#pieces.delete(queue);
    if (this.#pieces.size >= MAX_PIECES)
      for (const oldest of this.#pieces.keys()) {
        this.#pieces.delete(oldest);
        break;
      }
    this.#pieces.set(queue, { offset, bytes });
  }

  forget(queue: object): void {
    this.#pieces.delete(queue);
  }
}
