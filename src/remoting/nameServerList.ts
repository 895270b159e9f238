import { CodedError } from '../base/errors.ts';
import { parseAddress } from './address.ts';
import type { Address } from './address.ts';

const DEFAULT_NAME_SERVER_PORT = 9876;

/**
 * Reads `host:port;host:port`; commas, spaces and line ends separate as well, a port that is left out is 9876, and
 * an address that is named twice counts once.
 * @throws CodedError `address-invalid` with the part that is wrong, or with the whole text when it names nobody
 */
export function parseNameServers(text: string): readonly Address[] {
  const parts = text.split(/[;,\s]+/).filter((part) => part !== '');
  if (parts.length === 0) throw new CodedError('address-invalid', { address: text });
  const found = new Map<string, Address>();
  for (const part of parts) {
    const address = parseAddress(part, DEFAULT_NAME_SERVER_PORT);
    found.set(`${address.host}:${address.port}`, address);
  }
  return [...found.values()];
}
