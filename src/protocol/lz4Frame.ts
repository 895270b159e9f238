/**
 * What an LZ4 frame holds. Grammar (lz4_Frame_format.md, lz4_Block_format.md), little-endian:
 *
 *     frame    = magic(4) flags(1) blockDescriptor(1) [contentSize(8)] [dictionaryId(4)] headerChecksum(1)
 *                { size(4) block [checksum(4)] } 0(4) [checksum(4)]
 *     block    = plain bytes when the high bit of its size is set, else { sequence }
 *     sequence = token(1) [literalLength…] literals [offset(2) [matchLength…]]
 *
 * Checksums are not verified. Stops before more than `maxSizeBytes` are made of it.
 * @throws RangeError when the frame is cut off, damaged or too large
 */
export function decompressLz4Frame(source: Buffer, maxSizeBytes: number): Buffer {
  if (source.readUInt32LE(0) !== MAGIC) throw new RangeError('no LZ4 frame');
  const flags = source.readUInt8(4);
  if (flags >> 6 !== 1) throw new RangeError(`LZ4 frame version ${flags >> 6}`);
  if ((flags & Flag.DICTIONARY_ID) !== 0) throw new RangeError('an LZ4 dictionary is needed');
  const output = new Output(maxSizeBytes);
  let at = 7 + ((flags & Flag.CONTENT_SIZE) === 0 ? 0 : 8);
  for (;;) {
    const size = source.readUInt32LE(at);
    at += 4;
    if (size === 0) return output.bytes();
    const end = at + (size & 0x7fffffff);
    if (end > source.length) throw new RangeError('the LZ4 frame is cut off');
    const block = source.subarray(at, end);
    if (size > 0x7fffffff) output.append(block);
    else readBlock(block, output);
    at = end + ((flags & Flag.BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
}

const MAGIC = 0x184d2204;
const Flag = { DICTIONARY_ID: 0x01, CONTENT_SIZE: 0x08, BLOCK_CHECKSUM: 0x10 } as const;
const MIN_MATCH_BYTES = 4;

/** A match may reach back into earlier blocks. */
function readBlock(block: Buffer, output: Output): void {
  let at = 0;
  /** 15 in the token means that bytes are added to it, up to the first that is not 255. */
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let more = 255; more === 255;) {
      more = block.readUInt8(at);
      at += 1;
      length += more;
    }
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at);
    at += 1;
    const literals = readLength(token >> 4);
    if (at + literals > block.length) throw new RangeError('the LZ4 block is cut off');
    output.append(block.subarray(at, at + literals));
    at += literals;
    // The last sequence is literals alone.
    if (at === block.length) return;
    const offset = block.readUInt16LE(at);
    at += 2;
    output.repeat(offset, readLength(token & 15) + MIN_MATCH_BYTES);
  }
}

/** Bytes that grow up to a limit. */
class Output {
  readonly #maxSizeBytes: number;
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #size = 0;

  constructor(maxSizeBytes: number) {
    this.#maxSizeBytes = maxSizeBytes;
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#buffer, this.#size);
    this.#size += bytes.length;
  }

  /** Copies from `offset` bytes back; what is copied may begin to repeat itself on the way. */
  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.#size) throw new RangeError('an LZ4 match begins before the message');
    this.#reserve(length);
    const end = this.#size + length;
    const from = this.#size - offset;
    for (let at = this.#size; at < end;) {
      // Each round doubles what can be copied at once.
      const count = Math.min(end - at, at - from);
      this.#buffer.copyWithin(at, from, from + count);
      at += count;
    }
    this.#size = end;
  }

  bytes(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#size));
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    if (needed > this.#maxSizeBytes) throw new RangeError(`more than ${this.#maxSizeBytes} bytes come out of it`);
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.#maxSizeBytes, Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(grown, 0, 0, this.#size);
    this.#buffer = grown;
  }
}
