import { networkInterfaces } from 'node:os';

/** The address that clients can reach a server by which listens on `bindAddress`. */
export function reachableHost(bindAddress: string): string {
  if (bindAddress === 'localhost') return '127.0.0.1';
  if (bindAddress !== '0.0.0.0' && bindAddress !== '::') return bindAddress;
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find((address) => !address.internal && address.family === 'IPv4');
    if (found !== undefined) return found.address;
  }
  return '127.0.0.1';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
