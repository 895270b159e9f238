import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import type { ErrorCode } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { encodeFrame } from '../../../src/protocol/frame.ts';
import { request } from '../../../src/protocol/command.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { dial } from '../../../src/remoting/dial.ts';
import { listen } from '../../../src/remoting/server.ts';
import type { ListenOptions } from '../../../src/remoting/server.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { freePort } from '../../support/freePort.ts';

const logger = silentLogger;
const clock = systemClock;

function serve(options: Partial<ListenOptions> = {}) {
  return listen({
    host: '127.0.0.1',
    port: 0,
    clock,
    logger,
    handle: ({ command }) => ({ code: 0, body: command.body }),
    ...options,
  });
}

async function failsWith(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isCodedError(error), String(error));
    assert.equal(error.code, code);
    return true;
  });
}

/** A server that does to every connection what it is told, and its end. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<{ address: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  return { address: await start(server), close: () => stop(server, sockets) };
}

async function start(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server, sockets: Iterable<Socket> = []): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

function closeOf(connection: Connection): Promise<unknown> {
  return new Promise((resolve) => connection.onClose(resolve));
}

describe('listen and dial', () => {
  it('talk over a socket, with bodies larger than its buffers', async () => {
    const server = await serve();
    const client = await dial(server.address, { clock, logger });
    const body = Buffer.alloc(5 * 1024 * 1024, 'x');
    const answers = await Promise.all([1, 2, 3].map(() => client.request({ code: 10, body }, 10_000)));
    for (const answer of answers) assert.ok(answer.body.equals(body));
    assert.equal(server.connections.size, 1);
    assert.match([...server.connections][0]!.remoteAddress, /^127\.0\.0\.1:\d+$/);
    client.dispose();
    await server.close();
  });

  it('close ends all connections and is done once more without harm', async () => {
    const server = await serve({ handle: () => undefined });
    const client = await dial(server.address, { clock, logger });
    const held = client.request({ code: 11 }, 10_000);
    const ended = closeOf(client);
    const refused = failsWith(held, 'connection-closed');
    await new Promise((resolve) => setImmediate(resolve));
    await server.close();
    await Promise.all([refused, ended]);
    assert.equal(server.connections.size, 0);
    await server.close();
    await failsWith(dial(server.address, { clock, logger }), 'connect-refused');
  });

  it('a taken port is named', async () => {
    const first = await serve();
    await assert.rejects(
      serve({ port: first.port }),
      (error) => isCodedError(error, 'port-in-use') && error.details['port'] === first.port,
    );
    await first.close();
  });

  it('a host of another machine is named', async () => {
    await failsWith(serve({ host: '192.0.2.1' }), 'address-unresolved');
  });

  it('an idle connection is closed after its time, a busy one is not', async () => {
    const fake = new FakeClock();
    const server = await serve({ clock: fake, idleTimeoutMs: 120_000 });
    const idle = await dial(server.address, { clock, logger });
    const busy = await dial(server.address, { clock, logger });
    await Promise.all([idle, busy].map((connection) => connection.request({ code: 1 }, 5000)));
    const ended = closeOf(idle);
    fake.advance(110_000);
    await busy.request({ code: 1 }, 5000);
    fake.advance(10_000);
    await ended;
    assert.equal(busy.isOpen, true);
    assert.equal((await busy.request({ code: 1 }, 5000)).code, 0);
    await server.close();
    busy.dispose();
    assert.equal(fake.pendingCount, 0);
  });

  it('garbage closes its connection and harms no other', async () => {
    const server = await serve();
    const good = await dial(server.address, { clock, logger });
    const bad = connect(server.port, '127.0.0.1');
    const ended = once(bad, 'close');
    bad.resume().write('GET / HTTP/1.1\r\n\r\n');
    await ended;
    assert.equal((await good.request({ code: 1 }, 5000)).code, 0);
    good.dispose();
    await server.close();
  });
});

describe('dial', () => {
  it('a closed port', async () => {
    await failsWith(dial(`127.0.0.1:${await freePort()}`, { clock, logger }), 'connect-refused');
  });

  it('an address that is none', async () => {
    await failsWith(dial('127.0.0.1;9876', { clock, logger }), 'address-invalid');
  });

  it('a name that nobody knows', async () => {
    await failsWith(dial('no-such-host.invalid:9876', { clock: new FakeClock(), logger }), 'address-unresolved');
  });

  it('gives up after its time', async () => {
    // TEST-NET-1: packets to it are dropped or refused as unreachable, never answered.
    const fake = new FakeClock();
    const attempt = dial('192.0.2.1:9876', { clock: fake, logger, timeoutMs: 1500 });
    fake.advance(1500);
    await assert.rejects(
      attempt,
      (error) => isCodedError(error, 'connect-timeout') && error.details['timeoutMs'] === 1500,
    );
    assert.equal(fake.pendingCount, 0);
  });

  it('is cancelled', async () => {
    const abort = new AbortController();
    const attempt = dial('192.0.2.1:9876', { clock, logger, signal: abort.signal });
    abort.abort();
    await failsWith(attempt, 'cancelled');
    await failsWith(dial('192.0.2.1:9876', { clock, logger, signal: abort.signal }), 'cancelled');
  });

  it('a web server', async () => {
    const http = createHttpServer((_, answer) => answer.end());
    const address = await start(http);
    const connection = await dial(address, { clock, logger });
    await assert.rejects(connection.request({ code: 106 }, 5000), (error) => {
      assert.ok(isCodedError(error, 'not-rocketmq'), String(error));
      assert.deepEqual(error.details, { address, speaks: 'http' });
      return true;
    });
    await stop(http);
  });

  it('a server that announces a frame of 2 GB', async () => {
    const server = await rawServer((socket) => socket.write(Buffer.from('7fffffff00000010', 'hex')));
    const connection = await dial(server.address, { clock, logger });
    await failsWith(connection.request({ code: 106 }, 5000), 'frame-too-large');
    await server.close();
  });

  it('a server that accepts and never answers', async () => {
    const fake = new FakeClock();
    const server = await rawServer((socket) => socket.resume());
    const connection = await dial(server.address, { clock: fake, logger });
    const lost = failsWith(connection.request({ code: 106 }, 3000), 'request-timeout');
    fake.advance(3000);
    await lost;
    connection.dispose();
    await server.close();
  });

  it('a server that closes in the middle of a frame', async () => {
    const frame = encodeFrame(request(1, { code: 0, body: Buffer.alloc(1000) }));
    const server = await rawServer((socket) => socket.once('data', () => socket.end(frame.subarray(0, 500))));
    const connection = await dial(server.address, { clock, logger });
    await failsWith(connection.request({ code: 106 }, 5000), 'connection-closed');
    await server.close();
  });
});
