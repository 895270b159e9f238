import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';

import type { Clock } from '../base/clock.ts';
import { ipBytes } from '../protocol/hostAddress.ts';
import { uniqueKeySource } from '../protocol/messageId.ts';

/** Makes message ids that carry this machine and process, and a mark of their own for each source. */
export function uniqueKeys(clock: Clock): () => string {
  return uniqueKeySource({
    ip: localIp(),
    pid: process.pid,
    processMark: randomInt(2 ** 32),
    now: () => clock.now(),
  });
}

function localIp(): Buffer {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return ipBytes(outer?.address ?? '127.0.0.1');
}
