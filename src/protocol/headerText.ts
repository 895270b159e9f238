/* Texts of a header read from its bytes, cheaper than a string for each. */

/** More could lose digits; such numbers are read the general way. */
const MAX_DIGITS = 15;

/** A whole number without a sign; NaN for anything else. */
export function digitsAt(bytes: Buffer, at: number, sizeBytes: number): number {
  if (sizeBytes < 1 || sizeBytes > MAX_DIGITS) return NaN;
  let value = 0;
  for (let index = at; index < at + sizeBytes; index += 1) {
    const digit = (bytes[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The same of a text. */
export function digitsOf(text: string): number {
  if (text.length < 1 || text.length > MAX_DIGITS) return NaN;
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

const SLOTS = 256;
const MAX_KEPT_BYTES = 255;

/** What was read last, by a hash of length and ends. */
const kept: string[] = new Array<string>(SLOTS).fill('');

/** A text that most likely was read before, such as a topic's name: found among those, without making a string. */
export function repeatedText(bytes: Buffer, at: number, sizeBytes: number): string {
  const slot = (sizeBytes * 7 + (bytes[at] ?? 0) * 31 + (bytes[at + sizeBytes - 1] ?? 0)) % SLOTS;
  const known = kept[slot] ?? '';
  if (isSame(known, bytes, at, sizeBytes)) return known;
  const text = bytes.toString('utf8', at, at + sizeBytes);
  if (sizeBytes <= MAX_KEPT_BYTES) kept[slot] = text;
  return text;
}

/** Only ever true for ASCII, where units and bytes are the same. */
function isSame(text: string, bytes: Buffer, at: number, sizeBytes: number): boolean {
  if (text.length !== sizeBytes) return false;
  for (let index = 0; index < sizeBytes; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit !== bytes[at + index] || unit > 0x7f) return false;
  }
  return true;
}
