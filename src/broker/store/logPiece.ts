import type { FileSeries } from './fileSeries.ts';

/** Bytes that belong at one place of one file of a log, and may not be there yet. */
export interface LogPiece {
  readonly physicalOffset: number;
  readonly bytes: Buffer;
  readonly at: number;
  to: number;
}

/** Brings them into the files, though perhaps not to disk. */
export function writePieces(files: FileSeries, pieces: readonly LogPiece[]): void {
  for (const { physicalOffset, bytes, at, to } of pieces) files.write(physicalOffset, bytes, at, to);
}

/** Takes back what lies at `position` and behind it; the pieces are in the order of their places. */
export function dropPiecesFrom(pieces: LogPiece[], position: number): void {
  for (let last = pieces.at(-1); last !== undefined; last = pieces.at(-1)) {
    if (last.physicalOffset < position) {
      last.to = Math.min(last.to, last.at + position - last.physicalOffset);
      return;
    }
    pieces.pop();
  }
}
