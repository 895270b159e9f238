import { isIP } from 'node:net';

/** Whether requests of an address pass without a signature. */
export type AddressRule = (address: string) => boolean;

const EVERYWHERE = new Set(['*', '*.*.*.*', '*:*:*:*:*:*:*:*']);

/**
 * A white-listed address of ACL 1.0: one, several (`1.2.3.{4,5}`, or with commas), or a range in one of its parts
 * (`1.2.3.*`, `1.2.3-9.*`), after which nothing counts. Nothing matches a blank one.
 * Source: RemoteAddressStrategyFactory.java of 4.9.
 * @throws Error with Apache's words when it is no address
 */
export function addressRule(text: string): AddressRule {
  if (text.trim() === '') return () => false;
  if (EVERYWHERE.has(text)) return () => true;
  if (text.endsWith('}')) return oneOf(braced(text));
  if (text.includes(',')) return oneOf(text.split(',').filter((part) => part !== ''));
  return /[*-]/.test(text) ? inRange(text) : oneOf([text]);
}

function braced(text: string): readonly string[] {
  const open = text.indexOf('{');
  if (open < 0) throw illegal(text);
  const last = text.slice(open + 1, -1).split(',');
  return last.filter((part) => part !== '').map((part) => text.slice(0, open) + part);
}

function oneOf(addresses: readonly string[]): AddressRule {
  const known = new Set(
    addresses.map((address) => {
      const parts = partsOf(address);
      if (parts === undefined) throw illegal(address);
      return parts.join();
    }),
  );
  return (address) => known.has(String(partsOf(address)?.join()));
}

function inRange(text: string): AddressRule {
  const separator = text.includes(':') ? ':' : '.';
  const parts = text.split(separator);
  const at = parts.findIndex((part) => /[*-]/.test(part));
  const size = separator === ':' ? 8 : 4;
  const radix = separator === ':' ? 16 : 10;
  // What lies before the range is completed to a whole address, so that `::` is spread out.
  const head = partsOf([...parts.slice(0, at), ...parts.slice(at).map(() => '0')].join(separator))?.slice(
    0,
    size - (parts.length - at),
  );
  const [first = '', last = ''] =
    parts[at] === '*' ? ['0', radix === 16 ? 'ffff' : '255'] : (parts[at] ?? '').split('-');
  const from = parseInt(first, radix);
  const to = parseInt(last, radix);
  if (head === undefined || !(from >= 0 && from <= to && to <= (radix === 16 ? 0xffff : 255))) throw illegal(text);
  return (address) => {
    const found = partsOf(address);
    if (found?.length !== size || head.some((part, index) => found[index] !== part)) return false;
    const part = found[head.length] ?? -1;
    return part >= from && part <= to;
  };
}

/** The four or eight numbers of an address; undefined when it is none. */
function partsOf(address: string): readonly number[] | undefined {
  switch (isIP(address)) {
    case 4:
      return address.split('.').map(Number);
    case 6: {
      const [head = '', tail] = address.split('::');
      const before = head === '' ? [] : head.split(':');
      const after = tail === undefined || tail === '' ? [] : tail.split(':');
      const zeros =
        tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
      return [...before, ...zeros, ...after].map((part) => parseInt(part, 16));
    }
    default:
      return undefined;
  }
}

function illegal(text: string): Error {
  return new Error(`Netaddress examine scope Exception netaddress is ${text}`);
}
