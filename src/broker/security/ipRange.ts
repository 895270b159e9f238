import { BlockList, isIP } from 'node:net';

/** An address, or a network as `10.0.0.0/8`. Source: IPAddressUtils.java. */
export function isAddressOrNetwork(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return networkOf(text) !== undefined;
}

/** Whether the address is this one, or within this network. */
export function isWithin(address: string, addressOrNetwork: string): boolean {
  const network = networkOf(addressOrNetwork);
  if (network === undefined) return address === addressOrNetwork;
  const family = isIP(address);
  return family !== 0 && network.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function networkOf(text: string): BlockList | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = Number(prefix);
  if (bits > (family === 6 ? 128 : 32)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  return network;
}
