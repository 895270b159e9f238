import { Http2Code, Http2Error } from './http2Code.ts';

/**
 * Bits of the code of each byte, in base 36, and of the end of a string. The code is canonical: of the same length in
 * the order of the bytes, and so its lengths say all. Source: RFC 7541, appendix B.
 */
const LENGTHS = [
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca',
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds',
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn',
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq',
  'u',
].join('');
const LONGEST = 30;
const END = 256;

/** By the next eight bits: how many of them are a code, times 256, and its byte; 0 where the code is longer. */
const SHORT = new Uint16Array(256);
/** By length: the first code, and where its byte stands in `ORDER`. */
const FIRST_CODE = new Uint32Array(LONGEST + 2);
const FIRST_PLACE = new Uint16Array(LONGEST + 2);
const ORDER = new Uint16Array(END + 1);

let code = 0;
let place = 0;
for (let length = 1; length <= LONGEST; length += 1) {
  FIRST_CODE[length] = code;
  FIRST_PLACE[length] = place;
  for (let byte = 0; byte <= END; byte += 1) {
    if (Number.parseInt(LENGTHS.charAt(byte), 36) !== length) continue;
    ORDER[place] = byte;
    if (length <= 8) SHORT.fill((length << 8) | byte, code << (8 - length), (code + 1) << (8 - length));
    place += 1;
    code += 1;
  }
  code <<= 1;
}
FIRST_PLACE[LONGEST + 1] = place;

let text = Buffer.allocUnsafeSlow(1024);

/** @throws Http2Error COMPRESSION_ERROR */
export function decodeHuffman(bytes: Buffer, from: number, to: number): string {
  // No code is shorter than five bits.
  const most = Math.ceil(((to - from) * 8) / 5);
  if (text.length < most) text = Buffer.allocUnsafeSlow(most);
  let end = 0;
  let at = from;
  /** Not read yet; the lowest `count` bits count. */
  let bits = 0;
  let count = 0;
  for (;;) {
    while (count <= 16 && at < to) {
      bits = ((bits << 8) | (bytes[at] as number)) & 0xffffff;
      at += 1;
      count += 8;
    }
    const next = count >= 8 ? (bits >> (count - 8)) & 0xff : ((bits << (8 - count)) | (0xff >> count)) & 0xff;
    const found = SHORT[next] as number;
    const length = found >> 8;
    if (length > 0 && length <= count) {
      text[end] = found & 0xff;
      end += 1;
      count -= length;
      continue;
    }
    if (count < 8 && at === to) break;
    const long = decodeLong(bytes, at * 8 - count, to * 8);
    text[end] = long.byte;
    end += 1;
    at = long.endBit >> 3;
    count = 0;
    bits = 0;
    if ((long.endBit & 7) !== 0) {
      bits = bytes[at] as number;
      at += 1;
      count = 8 - (long.endBit & 7);
    }
  }
  // What is left over is the beginning of the end of a string.
  const rest = (1 << count) - 1;
  if ((bits & rest) !== rest) throw illegal();
  return text.toString('latin1', 0, end);
}

/** A code of more than eight bits, bit by bit. */
function decodeLong(bytes: Buffer, fromBit: number, toBit: number): { readonly byte: number; readonly endBit: number } {
  let value = 0;
  for (let length = 1; length <= LONGEST && fromBit + length <= toBit; length += 1) {
    const bit = fromBit + length - 1;
    value = (value << 1) | (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    const index = value - (FIRST_CODE[length] as number);
    const count = (FIRST_PLACE[length + 1] as number) - (FIRST_PLACE[length] as number);
    if (index < 0 || index >= count) continue;
    const byte = ORDER[(FIRST_PLACE[length] as number) + index] as number;
    if (byte === END) break;
    return { byte, endBit: fromBit + length };
  }
  throw illegal();
}

function illegal(): Http2Error {
  return new Http2Error(Http2Code.COMPRESSION_ERROR, 'a header is not encoded by the Huffman code');
}
