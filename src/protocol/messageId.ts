import { CodedError } from '../base/errors.ts';
import { readInt32, readInt64 } from './bigEndian.ts';
import type { HostAddress } from './hostAddress.ts';

/* Both ids are upper-case hex of 16 bytes (IPv4) or 28 (IPv6). Source: remoting sheet §4.7. */

/** Where a record lies: ip, port 4, commit-log offset 8. */
export function offsetMessageId(storeHost: HostAddress, physicalOffset: number): string {
  let at = 0;
  for (const byte of storeHost.ip) at = putHex(byte, at);
  at = putHexInt(storeHost.port, at);
  at = putHexInt(Math.floor(physicalOffset / 0x100000000), at);
  return digits.toString('latin1', 0, putHexInt(physicalOffset, at));
}

/** An id under way; one at a time. */
const digits = Buffer.alloc(56);
const HEX_DIGITS = Buffer.from('0123456789ABCDEF');

function putHexInt(value: number, at: number): number {
  for (let shift = 24; shift >= 0; shift -= 8) at = putHex((value >>> shift) & 0xff, at);
  return at;
}

function putHex(byte: number, at: number): number {
  digits[at] = HEX_DIGITS[byte >>> 4] ?? 0;
  digits[at + 1] = HEX_DIGITS[byte & 15] ?? 0;
  return at + 2;
}

/** @throws CodedError `message-illegal` for a text that is no offset id, such as a unique key */
export function parseOffsetMessageId(id: string): { storeHost: HostAddress; physicalOffset: number } {
  const bytes = Buffer.from(id, 'hex');
  const ipBytes = bytes.length - 12;
  const port = ipBytes === 4 || ipBytes === 16 ? readInt32(bytes, ipBytes) : -1;
  if (id.length !== bytes.length * 2 || port < 0 || port > 65535) {
    throw new CodedError('message-illegal', { reason: `"${id}" is no offset message id` });
  }
  return { storeHost: { ip: bytes.subarray(0, ipBytes), port }, physicalOffset: readInt64(bytes, ipBytes + 4) };
}

/**
 * Makes unique keys: ip, pid 2, a constant of the process 4, ms since the first of the month 4, counter 2.
 * The pid bytes are never zero: tools take a key for an offset id otherwise and dial a bogus address.
 * Source: MessageClientIDSetter.java.
 */
export function uniqueKeySource(options: {
  readonly ip: Buffer;
  readonly pid: number;
  readonly processMark: number;
  readonly now: () => number;
}): () => string {
  const { ip, pid, processMark, now } = options;
  const prefix = Buffer.alloc(ip.length + 6);
  ip.copy(prefix, 0);
  prefix.writeUInt16BE((pid & 0xffff) === 0 ? 1 : pid & 0xffff, ip.length);
  prefix.writeUInt32BE(processMark >>> 0, ip.length + 2);
  const fixed = prefix.toString('hex').toUpperCase();
  let counter = 0;
  let monthStart = 0;
  let nextMonth = 0;
  let lastTime = NaN;
  let begin = '';
  return () => {
    const time = now();
    if (time >= nextMonth || time < monthStart) {
      const date = new Date(time);
      monthStart = new Date(date.getFullYear(), date.getMonth(), 1).getTime();
      nextMonth = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime();
    }
    if (time !== lastTime) begin = fixed + hex((time - monthStart) >>> 0, 8);
    lastTime = time;
    counter = (counter + 1) & 0xffff;
    return `${begin}${HEX_BYTES[counter >>> 8] ?? ''}${HEX_BYTES[counter & 0xff] ?? ''}`;
  };
}

const HEX_BYTES = Array.from({ length: 0x100 }, (_, byte) => hex(byte, 2));

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
