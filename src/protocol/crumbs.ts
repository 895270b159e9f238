/** Pieces of at least so many bytes are left as they are: to keep one costs little beside what it holds. */
const SMALL_BYTES = 4096;
const MANY = 64;

/**
 * Pieces of what came, `bytes` together, and not over yet. Many small ones are put together: whoever sends byte by byte
 * would have a hundred times as much kept, and with each the whole of what was read from the socket with it.
 */
export function withoutCrumbs(pieces: Buffer[], bytes: number): Buffer[] {
  return pieces.length > MANY && bytes < pieces.length * SMALL_BYTES ? [Buffer.concat(pieces, bytes)] : pieces;
}
