import { CodedError } from '../base/errors.ts';

/** Where a peer listens. `host` is a name or a bare IP, without the brackets of IPv6. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:port`, and, where a default port is given, `host` or `[::1]` alone.
 * @throws CodedError `address-invalid` with the text
 */
export function parseAddress(text: string, defaultPort?: number): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/@,;]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65535 || !isHost(host)) {
    throw new CodedError('address-invalid', { address: text });
  }
  return { host, port };
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Digits and dots alone must make an IPv4 address: `127.0.0` or `300.1.1.1` are typing errors, not names. */
function isHost(host: string): boolean {
  if (host.includes(':')) return true;
  if (/^[\d.]+$/.test(host)) {
    const parts = host.split('.');
    return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  }
  return host.length <= 253 && /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?$/u.test(host);
}
