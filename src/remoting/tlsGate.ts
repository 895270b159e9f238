import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';

import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { formatAddress } from './address.ts';

/** What a server shows of itself, as PEM. */
export interface TlsIdentity {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string | undefined;
  /** Whom it trusts. */
  readonly ca?: string | Buffer | undefined;
}

export interface ServerTls {
  /** Whether who does not speak TLS is served too. */
  readonly mode: 'permissive' | 'enforcing';
  /** Asked for at every handshake: the same object until it changed. */
  readonly identity: () => Promise<TlsIdentity>;
  /** Whether clients are asked for a certificate. */
  readonly asksClients: boolean;
  /** Whether a client that showed this is served. */
  readonly admits: (client: { readonly hasCertificate: boolean; readonly isTrusted: boolean }) => boolean;
}

interface GateOptions {
  readonly tls: ServerTls;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a client may choose from (ALPN); without them nothing is said of it. */
  readonly protocols?: readonly string[] | undefined;
  /** Takes what passed. */
  readonly open: (stream: Socket | TLSSocket, remoteAddress: string) => void;
}

/**
 * First byte of a handshake record; a frame starts with 0x00, since it is at most 16 MiB, and HTTP/2 with a P.
 * Source: RFC 8446 §5.1, RFC 9113 §3.4.
 */
const HANDSHAKE = 0x16;

/**
 * Tells by the first byte of a connection whether it speaks TLS, and makes it secure then.
 * Source: NettyRemotingServer.java, TlsModeHandler; remoting sheet §1.10.
 */
export class TlsGate {
  readonly #options: GateOptions;
  /** Connections that said nothing yet, or are in their handshake, by their address. */
  readonly #undecided = new Map<string, { readonly socket: Socket; readonly sinceMs: number }>();
  #server: Server | undefined;
  #identity: TlsIdentity | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  accept(socket: Socket, remoteAddress: string): void {
    const { clock, logger, tls, open } = this.#options;
    this.#undecided.set(remoteAddress, { socket, sinceMs: clock.now() });
    // It is closed next; until it is opened nobody else listens.
    socket.on('error', (error) => logger.debug(`${remoteAddress} failed before its first frame: ${error.message}`));
    socket.once('close', () => this.#undecided.delete(remoteAddress));
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) {
        socket.destroy();
        return;
      }
      socket.unshift(first);
      if (first[0] === HANDSHAKE) {
        this.#secure(socket).catch((error: unknown) => {
          logger.error(`${remoteAddress} cannot be served by TLS: ${errorText(error)}`, error);
          socket.destroy();
        });
      } else if (tls.mode === 'enforcing') {
        logger.warn(`${remoteAddress} does not speak TLS and is closed`);
        socket.destroy();
      } else {
        this.#undecided.delete(remoteAddress);
        open(socket, remoteAddress);
      }
    });
  }

  /** Closes what said nothing since then. */
  expire(sinceMs: number): void {
    for (const undecided of [...this.#undecided.values()]) {
      if (undecided.sinceMs <= sinceMs) undecided.socket.destroy();
    }
  }

  close(): void {
    for (const { socket } of [...this.#undecided.values()]) socket.destroy();
  }

  async #secure(socket: Socket): Promise<void> {
    const identity = await this.#options.tls.identity();
    this.#server ??= this.#createServer(identity);
    if (this.#identity !== identity) this.#server.setSecureContext(identity);
    this.#identity = identity;
    if (!socket.destroyed) this.#server.emit('connection', socket);
  }

  #createServer(identity: TlsIdentity): Server {
    const { tls, logger, protocols } = this.#options;
    this.#identity = identity;
    const server = createServer({
      ...identity,
      requestCert: tls.asksClients,
      // Who is not trusted is told apart here, not by the handshake.
      rejectUnauthorized: false,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    });
    server.on('tlsClientError', (error, socket) => {
      logger.warn(`a TLS handshake failed: ${error.message}`);
      socket.destroy();
    });
    server.on('secureConnection', (socket) => this.#opened(socket));
    return server;
  }

  #opened(socket: TLSSocket): void {
    const { tls, logger, open } = this.#options;
    const remoteAddress = addressOf(socket);
    this.#undecided.delete(remoteAddress);
    const hasCertificate = tls.asksClients && Object.keys(socket.getPeerCertificate()).length > 0;
    if (tls.admits({ hasCertificate, isTrusted: socket.authorized })) {
      open(socket, remoteAddress);
      return;
    }
    logger.warn(`${remoteAddress} shows no certificate that is trusted and is closed`);
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/** `ip:port`. A peer that has gone already has no address; its socket reports the end next. */
export function addressOf(socket: Socket): string {
  const host = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return formatAddress({ host, port: socket.remotePort ?? 0 });
}
