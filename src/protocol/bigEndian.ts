/*
 * Numbers in bytes, the most significant first. Buffer's own methods take three times as long: each checks its
 * arguments through a wrapper with rest parameters, and a request reads and writes a hundred numbers.
 */

/** @throws RangeError beyond the bytes, as all of these do */
export function readUInt16(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const last = bytes[at + 1];
  if (first === undefined || last === undefined) throw beyond(bytes, at, 2);
  return (first << 8) | last;
}

export function readInt16(bytes: Uint8Array, at: number): number {
  return (readUInt16(bytes, at) << 16) >> 16;
}

export function readInt32(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const last = bytes[at + 3];
  if (first === undefined || last === undefined) throw beyond(bytes, at, 4);
  return (first << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | last;
}

/** int64 as a number: exact within ±2^53, which offsets and times are. */
export function readInt64(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) * 0x100000000 + (readInt32(bytes, at + 4) >>> 0);
}

/** The low 16 bits. @returns the position behind them */
export function writeInt16(bytes: Uint8Array, value: number, at: number): number {
  if (at < 0 || at + 2 > bytes.length) throw beyond(bytes, at, 2);
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

/** The low 32 bits. @returns the position behind them */
export function writeInt32(bytes: Uint8Array, value: number, at: number): number {
  if (at < 0 || at + 4 > bytes.length) throw beyond(bytes, at, 4);
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** @returns the position behind the eight bytes */
export function writeInt64(bytes: Uint8Array, value: number, at: number): number {
  return writeInt32(bytes, value, writeInt32(bytes, Math.floor(value / 0x100000000), at));
}

function beyond(bytes: Uint8Array, at: number, sizeBytes: number): RangeError {
  return new RangeError(`${sizeBytes} bytes at ${at} are beyond ${bytes.length}`);
}
