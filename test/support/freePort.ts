import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/**
 * A port of 127.0.0.1 that nobody listens on now. Another process may take it before the caller does, so where a
 * server can be told to listen on port 0, tell it that instead.
 */
export async function freePort(): Promise<number> {
  return freePortWith([0]);
}

/** A port P such that P + offset is free for every offset: an Apache broker listens on P, P - 2 and P + 1. */
export async function freePortWith(offsets: readonly number[], attempts = 50): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = await listen(0);
    const port = (first.address() as AddressInfo).port;
    const others = await Promise.allSettled(
      offsets.filter((offset) => offset !== 0).map((offset) => listen(port + offset)),
    );
    const opened = others.filter((result) => result.status === 'fulfilled').map((result) => result.value);
    await Promise.all([first, ...opened].map(close));
    if (opened.length === others.length) return port;
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
