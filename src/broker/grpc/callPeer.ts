import { CodedError } from '../../base/errors.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Peer } from '../../remoting/peer.ts';
import type { GrpcSession } from '../../remoting/grpc/grpcCall.ts';
import type { CallContext } from './callContext.ts';

const peers = new WeakMap<GrpcSession, Peer>();

/** The caller's connection as the handlers of the remoting side know one; nobody can be asked anything over it. */
export function callPeer({ session }: CallContext): Peer {
  let peer = peers.get(session);
  if (peer === undefined) peers.set(session, (peer = sessionPeer(session)));
  return peer;
}

function sessionPeer({ remoteAddress, onClose }: GrpcSession): Peer {
  const closed = new Emitter<CodedError | undefined>();
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
    closed.fire(undefined);
    closed.dispose();
  };
  onClose(close);
  const silent = (): Promise<never> => Promise.reject(new CodedError('connection-closed', { address: remoteAddress }));
  return {
    remoteAddress,
    get isOpen() {
      return isOpen;
    },
    onClose: closed.event,
    request: silent,
    oneway: silent,
    respond: () => undefined,
    dispose: close,
  };
}
