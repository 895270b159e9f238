import type { Headers } from './hpackDecoder.ts';

/** They belong to one connection of HTTP/1, and no gateway may pass them on. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const PSEUDO: Readonly<Record<string, number>> = { ':method': 1, ':scheme': 2, ':path': 4, ':authority': 8 };
const NEEDED = 1 | 2 | 4;

/** Whether a request of legal names and values is as it may be; any other ends its stream. Source: RFC 9113 §8.2, §8.3.1. */
export function isRequest(headers: Headers): boolean {
  let seen = 0;
  let isBehindPseudo = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name.startsWith(':')) {
      const bit = PSEUDO[name];
      if (isBehindPseudo || bit === undefined || (seen & bit) !== 0) return false;
      if (name === ':path' && headers[at + 1] === '') return false;
      seen |= bit;
    } else {
      isBehindPseudo = true;
      if (OF_CONNECTION.has(name)) return false;
      if (name === 'te' && headers[at + 1] !== 'trailers') return false;
    }
  }
  return (seen & NEEDED) === NEEDED;
}

/** Trailers name nothing that begins a request. */
export function areTrailers(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) if (headers[at]?.startsWith(':') === true) return false;
  return true;
}
