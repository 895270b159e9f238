import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';

import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError, systemErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { formatAddress, parseAddress } from '../address.ts';
import { connectError } from '../dial.ts';
import { GrpcClientCall } from './grpcClientCall.ts';
import type { ClientCallOptions } from './grpcClientCall.ts';

/** How a server is trusted: by a certificate that this machine trusts, by any certificate, or without TLS. */
export type ChannelTls = 'verified' | 'any-certificate' | 'off';

export interface GrpcChannelOptions {
  /** `host:port` */
  readonly address: string;
  readonly tls: ChannelTls;
  /** For resolving, connecting and the first word of the server together. */
  readonly connectTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who is there answers a ping sooner, however long a call takes. */
const PING_MS = 1000;

/** The client's side of gRPC: one connection, opened by the first call, and again by the next one after it was lost. */
export class GrpcChannel implements Disposable {
  readonly address: string;
  readonly #options: GrpcChannelOptions;
  #session: Promise<ClientHttp2Session> | undefined;
  readonly #open = new Set<ClientHttp2Session>();
  readonly #pinged = new WeakSet<ClientHttp2Session>();
  #isDisposed = false;

  /** @throws CodedError `address-invalid` */
  constructor(options: GrpcChannelOptions) {
    this.address = formatAddress(parseAddress(options.address));
    this.#options = options;
  }

  /**
   * Begins a call; its end tells how it went.
   * @throws CodedError `address-unresolved`, `connect-refused`, `connect-timeout`, `connect-failed`, `not-grpc`,
   * `certificate-untrusted`, `connection-closed`
   */
  async call(path: string, options: ClientCallOptions): Promise<GrpcClientCall> {
    const opened = (this.#session ??= this.#connect());
    const session = await opened;
    const unanswered = (): void => this.#ping(session, () => this.#forget(opened));
    const { clock, maxMessageBytes } = this.#options;
    if (session.closed || session.destroyed) throw new CodedError('connection-closed', { address: this.address });
    return new GrpcClientCall(session, path, { ...options, address: this.address, clock, maxMessageBytes, unanswered });
  }

  /** Ends every call. */
  dispose(): void {
    this.#isDisposed = true;
    for (const session of this.#open) session.destroy();
  }

  #connect(): Promise<ClientHttp2Session> {
    const { clock, logger, connectTimeoutMs, tls } = this.#options;
    const { address } = this;
    if (this.#isDisposed) return Promise.reject(new CodedError('connection-closed', { address }));
    const opened = new Deferred<ClientHttp2Session>();
    const session = connect(`${tls === 'off' ? 'http' : 'https'}://${address}`, {
      ...(tls === 'off' ? {} : { ALPNProtocols: ['h2'], rejectUnauthorized: tls === 'verified' }),
      settings: { enablePush: false, initialWindowSize: 4 * 1024 * 1024 },
    });
    this.#open.add(session);
    let isConnected = false;
    const fail = (error: CodedError): void => {
      opened.reject(error);
      session.destroy();
    };
    const timer = clock.after(connectTimeoutMs, () =>
      fail(
        isConnected
          ? new CodedError('not-grpc', { address })
          : new CodedError('connect-timeout', { address, timeoutMs: connectTimeoutMs }),
      ),
    );
    session.once('connect', () => (isConnected = true));
    // A server of HTTP/2 says its settings before anything else; others say something else, or nothing.
    session.once('remoteSettings', () => {
      timer.dispose();
      session.setLocalWindowSize(16 * 1024 * 1024);
      opened.resolve(session);
    });
    session.on('error', (error: Error) => {
      logger.debug(`${address} failed: ${error.message}`);
      fail(sessionError(error, address, isConnected, connectTimeoutMs));
    });
    // No call begins on a connection that the server is about to close.
    session.once('goaway', () => this.#forget(opened.promise));
    session.once('close', () => {
      timer.dispose();
      this.#open.delete(session);
      this.#forget(opened.promise);
      opened.reject(new CodedError(this.#isDisposed ? 'connection-closed' : 'not-grpc', { address }));
    });
    return opened.promise;
  }

  /** There may be another one by now, which stays. */
  #forget(session: Promise<ClientHttp2Session>): void {
    if (this.#session === session) this.#session = undefined;
  }

  /** A connection whose other end vanished looks well for many minutes: it is given up, so that the next call opens one. */
  #ping(session: ClientHttp2Session, forget: () => void): void {
    if (session.closed || session.destroyed || this.#pinged.has(session)) return;
    const { clock, logger } = this.#options;
    this.#pinged.add(session);
    const timer = clock.after(PING_MS, () => {
      logger.warn(`${this.address} is silent: its connection is given up`);
      forget();
      session.destroy();
    });
    session.ping(() => {
      timer.dispose();
      this.#pinged.delete(session);
    });
  }
}

function sessionError(error: Error, address: string, isConnected: boolean, timeoutMs: number): CodedError {
  const reason = systemErrorCode(error) ?? '';
  // Names of OpenSSL's verify results, and Node's own for a certificate of another host.
  if (/CERT|SELF_SIGNED|VERIFY_LEAF|UNABLE_TO_GET_ISSUER|ALTNAME/.test(reason)) {
    return new CodedError('certificate-untrusted', { address, reason }, { cause: error });
  }
  // An answer in plaintext to a greeting by TLS, or one that is not HTTP/2.
  if (isConnected || /^ERR_SSL_|^EPROTO$/.test(reason))
    return new CodedError('not-grpc', { address }, { cause: error });
  return connectError(error, address, timeoutMs);
}
