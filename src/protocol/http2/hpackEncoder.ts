/** The only header that is known as a whole to every reader. Source: RFC 7541, appendix A. */
const STATUS_200 = 0x88;

/**
 * A header block that refers to nothing said before, and so is the same for every connection. Names are in lower case.
 * Source: RFC 7541 §6.2.2.
 */
export function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const pieces: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name === ':status' && value === '200') pieces.push(Buffer.of(STATUS_200));
    else pieces.push(Buffer.of(0), encodeString(name), encodeString(value));
  }
  return Buffer.concat(pieces);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeLength(bytes.length), bytes]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x7f) return Buffer.of(length);
  const bytes = [0x7f];
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.of(...bytes, rest);
}
