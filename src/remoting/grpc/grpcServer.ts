import { createServer } from 'node:net';
import type { Socket } from 'node:net';

import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { encodeHeaders } from '../../protocol/http2/hpackEncoder.ts';
import { Http2Code } from '../../protocol/http2/http2Code.ts';
import { GOODBYE_MS, Http2Connection } from '../http2/http2Connection.ts';
import { TooMuchUnread } from '../http2/http2Sender.ts';
import type { Http2Stream } from '../http2/http2Stream.ts';
import { UnreadBudget } from '../http2/unreadBudget.ts';
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
  /** What all clients together may leave unread of their answers. */
  readonly maxUnreadBytes: number;
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
/**
 * Speaks gRPC itself, since the server of grpc-js takes a deadline of 60 years for one that passed (gRPC sheet §2.4),
 * knows no plaintext beside TLS on one port and costs several times as much a call; so does `node:http2` alone.
 * @throws CodedError `port-in-use`, `port-not-permitted`, or `address-unresolved` when the host is not of this machine
 */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const { clock, logger, idleTimeoutMs } = options;
  const sessions = new Set<OpenSession>();
  const unread = new UnreadBudget(options.maxUnreadBytes);
  const opened = (socket: Socket): void => {
    const session = new OpenSession(socket);
    sessions.add(session);
    session.connection = new Http2Connection(socket, {
      clock,
      unread,
      request: (stream) => takeCall(stream, session, options),
      closed: (problem) => {
        if (problem instanceof TooMuchUnread) logger.warn(`${session.remoteAddress} is given up: ${problem.message}`);
        else if (problem !== undefined) logger.debug(`${session.remoteAddress} failed: ${problem.message}`);
        sessions.delete(session);
        session.closed();
      },
    });
  };
  const gate = options.tls && new TlsGate({ tls: options.tls, clock, logger, protocols: ['h2'], open: opened });
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    if (gate === undefined) opened(socket);
    else gate.accept(socket, addressOf(socket));
  });
  const port = await startListening(server, options);
  server.on('error', (error) => logger.error(`listening on port ${options.port} failed`, error));
  const sweep = clock.every(Math.max(1, Math.floor(idleTimeoutMs / 12)), () => {
    const sinceMs = clock.now() - idleTimeoutMs;
    gate?.expire(sinceMs);
    for (const { remoteAddress, connection } of sessions) {
      if ((connection?.idleSinceMs ?? Infinity) > sinceMs) continue;
      logger.info(`${remoteAddress} made no call for ${idleTimeoutMs / 1000} s and is closed`);
      connection?.close();
    }
  });
  return {
    port,
    async close() {
      sweep.dispose();
      const stopped = new Promise((resolve) => server.close(resolve));
      gate?.close();
      await Promise.all([...sessions].map((session) => leave(session, clock)));
      await stopped;
    },
  };
}

class OpenSession implements GrpcSession {
  readonly remoteAddress: string;
  readonly localAddress: { readonly host: string; readonly port: number };
  connection: Http2Connection | undefined;
  readonly #closed = new Emitter<undefined>();

  constructor(socket: Socket) {
    this.remoteAddress = addressOf(socket);
    this.localAddress = { host: (socket.localAddress ?? '').replace(/^::ffff:/, ''), port: socket.localPort ?? 0 };
  }

  get onClose(): Event<undefined> {
    return this.#closed.event;
  }

  dispose(): void {
    this.connection?.destroy();
  }

  closed(): void {
    this.#closed.fire(undefined);
    this.#closed.dispose();
  }
}

function takeCall(
  stream: Http2Stream,
  session: OpenSession,
  { clock, logger, maxMessageBytes, handle }: GrpcServerOptions,
): void {
  if (stream.header('content-type')?.startsWith('application/grpc') !== true) {
    stream.respond(NOT_GRPC, true);
    setImmediate(() => stream.reset(Http2Code.NO_ERROR));
    return;
  }
  const call = new GrpcCall(stream, { clock, logger, maxMessageBytes, session });
  try {
    handle(call);
  } catch (error) {
    call.fail(error);
  }
}

/** Source: PROTOCOL-HTTP2.md. */
const NOT_GRPC = encodeHeaders({ ':status': '415' });

/** Ends what is under way, and waits until the client knows. */
async function leave({ connection, onClose }: OpenSession, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(GOODBYE_MS, () => connection?.destroy());
    onClose(() => {
      timer.dispose();
      resolve();
    });
    connection?.close();
  });
}
