import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import type { Clock } from '../base/clock.ts';
import { CodedError, errorText, systemErrorCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Credentials } from '../protocol/acl.ts';
import { CLIENT_LANGUAGE } from '../protocol/command.ts';
import { parseAddress } from './address.ts';
import { Connection } from './connection.ts';
import type { RequestHandler } from './peer.ts';

export interface DialOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For resolving and connecting together. Default 3000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Answers requests of the peer. */
  readonly handle?: RequestHandler | undefined;
  /** What our requests say of us. Default `OTHER`, which every release knows. */
  readonly language?: string | undefined;
  /** Signs our requests. */
  readonly credentials?: Credentials | undefined;
  /** Speaks TLS. */
  readonly tls?: ClientTls | undefined;
}

/** How a client speaks TLS: PEM, and whom it trusts; everybody when that is undefined. */
export interface ClientTls {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
}

/**
 * Connects to `host:port`. The connection closes when the peer falls silent.
 * @throws CodedError `address-invalid`, `address-unresolved`, `connect-refused`, `connect-timeout`, `connect-failed`,
 * `cancelled`
 */
export async function dial(address: string, options: DialOptions): Promise<Connection> {
  const { clock, logger, handle, language = CLIENT_LANGUAGE, credentials } = options;
  const socket = await openSocket(address, options);
  const closesWhenSilent = true;
  return new Connection(socket, {
    remoteAddress: address,
    clock,
    logger,
    handle,
    language,
    credentials,
    closesWhenSilent,
  });
}

async function openSocket(
  address: string,
  { clock, timeoutMs = 3000, signal, tls }: Omit<DialOptions, 'handle'>,
): Promise<Socket> {
  const { host, port } = parseAddress(address);
  if (signal?.aborted === true) throw new CodedError('cancelled');
  return new Promise((resolve, reject) => {
    const to = { host, port, noDelay: true };
    // Like Java's, the client trusts a certificate, not the name in it.
    const socket =
      tls === undefined
        ? connect(to)
        : connectTls({ ...to, ...tls, rejectUnauthorized: tls.ca !== undefined, checkServerIdentity: () => undefined });
    const fail = (error: CodedError): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const timer = clock.after(timeoutMs, () => fail(new CodedError('connect-timeout', { address, timeoutMs })));
    const onAbort = (): void => fail(new CodedError('cancelled'));
    const onError = (error: Error): void => fail(connectError(error, address, timeoutMs));
    const settle = (): void => {
      timer.dispose();
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      // A socket may report once more after it was given up.
      socket.on('error', ignore);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      settle();
      resolve(socket);
    });
  });
}

function ignore(): void {
  // The Connection listens on its own; before it nobody is left to tell.
}

/** What kept a connection from being opened. */
export function connectError(error: Error, address: string, timeoutMs: number): CodedError {
  const reason = systemErrorCode(error);
  switch (reason) {
    case 'ECONNREFUSED':
      return new CodedError('connect-refused', { address }, { cause: error });
    case 'ETIMEDOUT':
      return new CodedError('connect-timeout', { address, timeoutMs }, { cause: error });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return new CodedError('address-unresolved', { address }, { cause: error });
    default:
      return new CodedError('connect-failed', { address, reason: reason ?? errorText(error) }, { cause: error });
  }
}
