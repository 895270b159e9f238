import type { Server } from 'node:net';

import { CodedError, systemErrorCode } from '../base/errors.ts';

/**
 * Resolves with the port that the server listens on.
 * @throws CodedError `port-in-use`, `port-not-permitted`, or `address-unresolved` when the host is not of this machine
 */
export function startListening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, host, port));
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

function listenError(error: Error, host: string, port: number): CodedError {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new CodedError('port-in-use', { port }, { cause: error });
    case 'EACCES':
      return new CodedError('port-not-permitted', { port }, { cause: error });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CodedError('address-unresolved', { address: host }, { cause: error });
    default:
      return new CodedError('internal', { reason: error.message }, { cause: error });
  }
}
