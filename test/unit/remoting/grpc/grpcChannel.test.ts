import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { isCodedError } from '../../../../src/base/errors.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { GrpcChannel } from '../../../../src/remoting/grpc/grpcChannel.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { waitFor } from '../../../support/waitFor.ts';

const OK = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' };

describe('GrpcChannel', () => {
  let clock: FakeClock;
  let server: Http2Server;
  let relay: Relay;
  let channel: GrpcChannel;
  let sessions: ServerHttp2Session[];
  let held: ServerHttp2Stream[];

  beforeEach(async () => {
    clock = new FakeClock();
    sessions = [];
    held = [];
    server = createHttp2Server();
    server.on('session', (session) => sessions.push(session));
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      if (headers[':path'] === '/hold') held.push(stream);
      else stream.respond(OK, { endStream: true });
    });
    relay = await Relay.start(await listen(server));
    channel = new GrpcChannel({
      ...{ address: `127.0.0.1:${relay.port}`, tls: 'off', connectTimeoutMs: 3000, maxMessageBytes: 1024 },
      ...{ clock, logger: silentLogger },
    });
  });

  afterEach(() => {
    channel.dispose();
    relay.stop();
    server.close();
  });

  const ask = async (path: string, timeoutMs?: number): Promise<void> => {
    const call = await channel.call(path, { headers: {}, timeoutMs, message: () => undefined });
    call.halfClose();
    await call.done;
  };
  /** A call that the server does not answer within its time. */
  const timeOut = async (): Promise<void> => {
    const before = held.length;
    const asked = ask('/hold', 100);
    await waitFor('the call', () => relay.isFrozen || held.length > before, { pollMs: 5 });
    clock.advance(100);
    await assert.rejects(asked, (error) => isCodedError(error, 'grpc-timeout'));
  };

  it('opens another connection after the server said goodbye, and stays with it when the first one ends', async () => {
    const last = ask('/hold');
    await waitFor('the call', () => held.length === 1, { pollMs: 5 });
    const [first] = sessions;
    assert.ok(first !== undefined);
    first.goaway();
    await waitFor('another connection', async () => {
      // What was on its way when the goodbye came is refused.
      await ask('/').catch((error: unknown) => assert.ok(isCodedError(error, 'grpc-failed')));
      return sessions.length === 2;
    });
    held[0]?.respond(OK, { endStream: true });
    await last;
    await waitFor('the end of the first connection', () => relay.openCount === 1, { pollMs: 5 });
    await ask('/');
    assert.equal(sessions.length, 2);
  });

  it('gives up a connection that does not even answer a ping', async () => {
    await ask('/');
    relay.freeze();
    await timeOut();
    clock.advance(1000);
    await ask('/');
    assert.equal(sessions.length, 2);
  });

  it('keeps a connection that is slow and alive', async () => {
    await ask('/');
    await timeOut();
    await waitFor('the answer to the ping', () => clock.pendingCount === 0, { pollMs: 5 });
    clock.advance(1000);
    await timeOut();
    await waitFor('the answer to the next ping', () => clock.pendingCount === 0, { pollMs: 5 });
    await ask('/');
    assert.equal(sessions.length, 1);
  });
});

/** Stands between: connections that are there when it freezes stay open, and nothing passes any more. */
class Relay {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #clients: Socket[] = [];
  isFrozen = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      const ends = [socket, connect(target, '127.0.0.1')] as const;
      this.#clients.push(socket);
      this.#sockets.push(...ends);
      for (const end of ends) {
        end.on('error', () => undefined);
        // What is not passed on is read nevertheless: else its end would not be seen.
        end.on('unpipe', (source: Socket) => source.resume());
      }
      ends[0].pipe(ends[1]).pipe(ends[0]);
    });
  }

  static async start(target: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, target);
    await listen(server);
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Of the client's side. */
  get openCount(): number {
    return this.#clients.filter(({ closed }) => !closed).length;
  }

  freeze(): void {
    this.isFrozen = true;
    for (const socket of this.#sockets) socket.unpipe();
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

async function listen(server: Server | Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
