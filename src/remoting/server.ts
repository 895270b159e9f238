import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { formatAddress } from './address.ts';
import { Connection } from './connection.ts';
import type { AnswerHook, RequestHandler } from './peer.ts';
import { startListening } from './startListening.ts';
import { TlsGate, addressOf } from './tlsGate.ts';
import type { ServerTls } from './tlsGate.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly handle: RequestHandler;
  readonly answering?: AnswerHook | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A connection without a byte in either direction for this long is closed. Default 120 s, as Netty's server has it. */
  readonly idleTimeoutMs?: number;
  /** Without it TLS is not spoken. */
  readonly tls?: ServerTls | undefined;
}

export interface RemotingServer {
  readonly host: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  readonly connections: ReadonlySet<Connection>;
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Listens and answers requests.
 * @throws CodedError `port-in-use`, `port-not-permitted`, or `address-unresolved` when the host is not of this machine
 */
export async function listen(options: ListenOptions): Promise<RemotingServer> {
  const { clock, logger, idleTimeoutMs = 120_000 } = options;
  const connections = new Set<Connection>();
  const open = (stream: Duplex, remoteAddress: string): void => accept(stream, remoteAddress, options, connections);
  const gate = options.tls && new TlsGate({ tls: options.tls, clock, logger, open });
  const server = createServer({ noDelay: true }, (socket) => {
    const remoteAddress = addressOf(socket);
    if (gate === undefined) open(socket, remoteAddress);
    else gate.accept(socket, remoteAddress);
  });
  const port = await startListening(server, options);
  server.on('error', (error) => logger.error(`listening on port ${options.port} failed`, error));
  const sweep = clock.every(Math.max(1, Math.floor(idleTimeoutMs / 12)), () => {
    const sinceMs = clock.now() - idleTimeoutMs;
    gate?.expire(sinceMs);
    for (const connection of [...connections]) {
      if (connection.lastActivityMs > sinceMs) continue;
      logger.info(`${connection.remoteAddress} was idle for ${idleTimeoutMs / 1000} s and is closed`);
      connection.dispose();
    }
  });
  return {
    host: options.host,
    port,
    address: formatAddress({ host: options.host, port }),
    connections,
    close: () =>
      new Promise((resolve) => {
        sweep.dispose();
        // An error means that it was closed before.
        server.close(() => resolve());
        gate?.close();
        for (const connection of [...connections]) connection.dispose();
      }),
  };
}

function accept(stream: Duplex, remoteAddress: string, options: ListenOptions, connections: Set<Connection>): void {
  const { clock, logger, handle, answering } = options;
  const connection = new Connection(stream, { remoteAddress, clock, logger, handle, answering });
  connections.add(connection);
  connection.onClose(() => connections.delete(connection));
}
