import type { Code } from '../protocol/grpc/definition_pb.ts';
import type { GrpcStatus } from '../protocol/grpc/grpcStatus.ts';
import type { RpcName, RpcRequest } from '../protocol/grpc/rpc.ts';
import type { AnswerHook, Peer, RequestHandler } from '../remoting/peer.ts';

/** Where a request comes to: one of the two servers of the remoting protocol, or the endpoint of gRPC. */
export type ServerKind = 'broker' | 'nameServer' | 'grpc';

/** What stands between clients and the handlers of a broker that is told to fail. */
export interface RequestFaults {
  /** @param clientIdOf what the heartbeats of a connection said */
  around(
    server: Exclude<ServerKind, 'grpc'>,
    handle: RequestHandler,
    clientIdOf: (connection: Peer) => string | undefined,
  ): RequestHandler;
  readonly answering: AnswerHook;
  /** What is to become of an RPC; undefined when it goes as it should. */
  strikeRpc(rpc: IncomingRpc): RpcStrike | undefined;
}

export interface IncomingRpc {
  readonly name: RpcName;
  readonly request: AnyRpcRequest;
  /** Empty where the client does not say who it is. */
  readonly clientId: string;
}

export type AnyRpcRequest = { [N in RpcName]: RpcRequest<N> }[RpcName];

export type RpcStrike =
  | RpcRefusal
  | { readonly kind: 'delay'; readonly after: (callback: () => void) => void }
  /** Who has nothing to deliver says so, and was not struck. */
  | { readonly kind: 'deliverTwice'; readonly nothingCame: () => void }
  | { readonly kind: 'dropAnswer' | 'closeConnection' };

export type RpcRefusal =
  | {
      readonly kind: 'refuse';
      readonly status: { readonly code: Code; readonly message: string };
      /** Is the message stored all the same? */
      readonly isCarriedOut: boolean;
    }
  /** The call itself ends so, and not well. */
  | { readonly kind: 'endCall'; readonly status: { readonly code: GrpcStatus; readonly message: string } };
