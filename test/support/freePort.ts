import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

const FIRST_PORT = 20_000;
/** Systems give ports from 32 768 on to sockets that ask for any, also in the moment between here and the caller. */
const LAST_PORT = 32_700;

/** A port of 127.0.0.1 that nobody listens on. Where a server can be told to listen on port 0, tell it that instead. */
export async function freePort(): Promise<number> {
  return freePortWith([0]);
}

/** A port P such that P + offset is free for every offset: an Apache broker listens on P, P - 2 and P + 1. */
export async function freePortWith(offsets: readonly number[], attempts = 50): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const results = await Promise.allSettled(offsets.map((offset) => listen(port + offset)));
    const opened = results.filter((result) => result.status === 'fulfilled').map((result) => result.value);
    await Promise.all(opened.map(close));
    if (opened.length === offsets.length) return port;
  }
  throw new Error(`no port with free neighbours ${offsets.join(', ')} after ${attempts} attempts`);
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
