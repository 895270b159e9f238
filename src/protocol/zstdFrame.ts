import { Decompress } from 'fzstd';

/**
 * What a Zstandard frame holds. Never more than `maxSizeBytes` are made of it, nor kept as its window.
 * @throws Error when the frame is cut off, damaged or too large, or when more follows it
 */
export function decompressZstdFrame(source: Buffer, maxSizeBytes: number): Buffer {
  checkFrame(source, maxSizeBytes);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const frame = new Decompress((piece) => {
    sizeBytes += piece.length;
    if (sizeBytes > maxSizeBytes) throw tooLarge(maxSizeBytes);
    pieces.push(piece);
  });
  frame.push(source, true);
  return Buffer.concat(pieces, sizeBytes);
}

const MAGIC = 0xfd2fb528;
const BlockType = { RLE: 1 } as const;

/**
 * Looks at the headers alone, before memory is taken for what they announce. Grammar (RFC 8878 §3.1.1), little-endian:
 *
 *     frame       = magic(4) descriptor(1) [window(1)] [dictionaryId(1|2|4)] [contentSize(1|2|4|8)] { block } [checksum(4)]
 *     block       = header(3): last:1 type:2 size:21, then `size` bytes, or one byte to be repeated `size` times
 */
function checkFrame(source: Buffer, maxSizeBytes: number): void {
  if (source.readUInt32LE(0) !== MAGIC) throw new RangeError('no Zstandard frame');
  const descriptor = source.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  let at = 5;
  if (!isSingleSegment) {
    const window = source.readUInt8(at);
    at += 1;
    const base = 2 ** (10 + (window >> 3));
    if (base + (base / 8) * (window & 7) > maxSizeBytes) throw tooLarge(maxSizeBytes);
  }
  at += [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeBytes = descriptor >> 6 === 0 ? Number(isSingleSegment) : 2 ** (descriptor >> 6);
  if (readSize(source, at, contentSizeBytes) > maxSizeBytes) throw tooLarge(maxSizeBytes);
  at += contentSizeBytes;
  for (let isLast = false; !isLast;) {
    const header = source.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === BlockType.RLE ? 1 : header >> 3);
  }
  if (at + (hasChecksum ? 4 : 0) !== source.length)
    throw new RangeError('the Zstandard frame does not end with the body');
}

function readSize(source: Buffer, at: number, sizeBytes: number): number {
  if (sizeBytes === 0) return 0;
  return sizeBytes === 8 ? Number(source.readBigUInt64LE(at)) : source.readUIntLE(at, sizeBytes);
}

function tooLarge(maxSizeBytes: number): RangeError {
  return new RangeError(`more than ${maxSizeBytes} bytes come out of it`);
}
