import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ControlError } from './controlError.ts';

/**
 * Who may ask: whoever knows the token, and no page of a browser. Such a page sends its origin, and reaches a loopback
 * address under a name of its own only with that name as the host.
 * @throws ControlError 401, 403
 */
export function checkCaller({ headers }: IncomingMessage, token: string, port: number): void {
  const host = (headers.host ?? '').toLowerCase();
  if (![`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host)) {
    throw new ControlError(403, 'the Host of the request is not this address');
  }
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    throw new ControlError(403, 'pages of a browser are not served');
  }
  const [, given = ''] = /^Bearer ([\w-]+)$/i.exec(headers.authorization ?? '') ?? [];
  // Of the digests, which are of one length whatever was given.
  if (!timingSafeEqual(digest(given), digest(token))) {
    throw new ControlError(
      401,
      'the token is missing or wrong: give the one of the ready line as "Authorization: Bearer …"',
    );
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
