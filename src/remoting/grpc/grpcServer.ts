import { createServer as createHttp2Server } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { GrpcStatus } from '../../protocol/grpc/grpcStatus.ts';
import { startListening } from '../startListening.ts';
import { TlsGate, addressOf } from '../tlsGate.ts';
import type { ServerTls } from '../tlsGate.ts';
import { GrpcCall } from './grpcCall.ts';
import type { GrpcSession } from './grpcCall.ts';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes a call, and ends it some time. */
  readonly handle: (call: GrpcCall) => void;
  readonly maxMessageBytes: number;
  /** A connection without a call for this long is closed. */
  readonly idleTimeoutMs: number;
  /** Without it TLS is not spoken. */
  readonly tls: ServerTls | undefined;
}

export interface GrpcServer {
  readonly port: number;
  /** Ends all calls with UNAVAILABLE, closes all connections and stops listening. */
  close(): Promise<void>;
}

/** The system asks after a peer that is silent for so long: a stream of telemetry may be so for ever, or its machine gone. */
const KEEP_ALIVE_MS = 60_000;
/** A client that does not take its leave is left after so long. */
const GOODBYE_MS = 1000;

/**
 * Speaks gRPC on `node:http2` itself, since the server of grpc-js takes a deadline of 60 years for one that passed
 * (gRPC sheet §2.4), knows no plaintext beside TLS on one port and costs several times as much a call.
 * @throws CodedError `port-in-use`, `port-not-permitted`, or `address-unresolved` when the host is not of this machine
 */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const { clock, logger, idleTimeoutMs } = options;
  const sessions = new Map<ServerHttp2Session, OpenSession>();
  const http2 = createHttp2Server({
    // Large enough that a body of 4 MiB needs no pause.
    settings: { initialWindowSize: 4 * 1024 * 1024, maxConcurrentStreams: 8192 },
    // In MiB. What is read and written here is bounded by the size of messages.
    maxSessionMemory: 1024,
  });
  http2.on('session', (session) => {
    const open = new OpenSession(session, clock.now());
    sessions.set(session, open);
    session.setLocalWindowSize(16 * 1024 * 1024);
    session.on('error', (error: Error) => logger.debug(`${open.remoteAddress} failed: ${error.message}`));
    session.once('close', () => {
      sessions.delete(session);
      open.closed();
    });
  });
  http2.on('stream', (stream, headers) => {
    stream.on('error', (error) => logger.debug(`${headers[':path'] ?? ''} failed: ${error.message}`));
    const session = stream.session === undefined ? undefined : sessions.get(stream.session as ServerHttp2Session);
    if (session === undefined || stream.closed || stream.destroyed) stream.close();
    else takeCall(stream, headers, session, options);
  });
  const injected = (socket: Socket): void => void http2.emit('connection', socket);
  const gate = options.tls && new TlsGate({ tls: options.tls, clock, logger, protocols: ['h2'], open: injected });
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    if (gate === undefined) injected(socket);
    else gate.accept(socket, addressOf(socket));
  });
  const port = await startListening(server, options);
  server.on('error', (error) => logger.error(`listening on port ${options.port} failed`, error));
  const sweep = clock.every(Math.max(1, Math.floor(idleTimeoutMs / 12)), () => {
    const sinceMs = clock.now() - idleTimeoutMs;
    gate?.expire(sinceMs);
    for (const [session, { calls, lastCallMs, remoteAddress }] of sessions) {
      if (calls.size > 0 || lastCallMs > sinceMs) continue;
      logger.info(`${remoteAddress} made no call for ${idleTimeoutMs / 1000} s and is closed`);
      session.close();
    }
  });
  return {
    port,
    async close() {
      sweep.dispose();
      const stopped = new Promise((resolve) => server.close(resolve));
      gate?.close();
      await Promise.all([...sessions].map(([session, open]) => leave(session, open, clock)));
      await stopped;
    },
  };
}

class OpenSession implements GrpcSession {
  readonly remoteAddress: string;
  readonly localAddress: { readonly host: string; readonly port: number };
  readonly calls = new Set<GrpcCall>();
  lastCallMs: number;
  readonly #session: ServerHttp2Session;
  readonly #closed = new Emitter<undefined>();

  constructor(session: ServerHttp2Session, nowMs: number) {
    const { socket } = session;
    this.#session = session;
    this.remoteAddress = addressOf(socket);
    this.localAddress = { host: (socket.localAddress ?? '').replace(/^::ffff:/, ''), port: socket.localPort ?? 0 };
    this.lastCallMs = nowMs;
  }

  get onClose(): Event<undefined> {
    return this.#closed.event;
  }

  dispose(): void {
    this.#session.destroy();
  }

  closed(): void {
    this.#closed.fire(undefined);
    this.#closed.dispose();
  }
}

function takeCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  session: OpenSession,
  { clock, logger, maxMessageBytes, handle }: GrpcServerOptions,
): void {
  if (headers['content-type']?.startsWith('application/grpc') !== true) {
    // Source: PROTOCOL-HTTP2.md.
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  const call = new GrpcCall(stream, headers, { clock, logger, maxMessageBytes, session });
  session.calls.add(call);
  session.lastCallMs = clock.now();
  call.onClose(() => {
    session.calls.delete(call);
    session.lastCallMs = clock.now();
  });
  try {
    handle(call);
  } catch (error) {
    call.fail(error);
  }
}

/** Ends what is under way, and waits until the client knows. */
async function leave(session: ServerHttp2Session, { calls }: OpenSession, clock: Clock): Promise<void> {
  for (const call of calls) call.end(GrpcStatus.UNAVAILABLE, 'the server stops');
  await new Promise<void>((resolve) => {
    const timer = clock.after(GOODBYE_MS, () => session.destroy());
    session.once('close', () => {
      timer.dispose();
      resolve();
    });
    session.close();
  });
}
