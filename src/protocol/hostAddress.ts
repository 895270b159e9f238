import { isIPv4, isIPv6 } from 'node:net';
import { CodedError } from '../base/errors.ts';

/** An address as records hold it: 4 or 16 raw bytes and a port. */
export interface HostAddress {
  readonly ip: Buffer;
  readonly port: number;
}

/**
 * @param text `ip:port`, an IPv6 address with or without brackets
 * @throws CodedError `address-invalid`; names are not resolved here
 */
export function parseHostAddress(text: string): HostAddress {
  const colon = text.lastIndexOf(':');
  const ip = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port) || port < 0 || port > 65535)
    throw new CodedError('address-invalid', { address: text });
  return { ip: ipBytes(ip), port };
}

export function formatHostAddress({ ip, port }: HostAddress): string {
  const text = ipText(ip);
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

/** @throws CodedError `address-invalid` */
export function ipBytes(ip: string): Buffer {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip;
  if (isIPv4(mapped)) return Buffer.from(mapped.split('.').map(Number));
  const bare = mapped.split('%', 1)[0] ?? '';
  if (!isIPv6(bare)) throw new CodedError('address-invalid', { address: ip });
  const [head = '', tail] = bare.split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  groups.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

export function ipText(ip: Buffer): string {
  if (ip.length === 4) return ip.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ip.readUInt16BE(index * 2).toString(16)).join(':');
  const zeros = groups.match(/(?:^|:)0(?::0)+(?=:|$)/g)?.sort((a, b) => b.length - a.length)[0];
  if (zeros === undefined) return groups;
  const at = groups.indexOf(zeros);
  const after = groups.slice(at + zeros.length).replace(/^:/, '');
  return `${groups.slice(0, at)}::${after}`;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const bytes = ipBytes(group);
    return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  });
}
