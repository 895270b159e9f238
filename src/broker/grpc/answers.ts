import { GrpcStatus } from '../../protocol/grpc/grpcStatus.ts';
import { encodeResponse } from '../../protocol/grpc/rpc.ts';
import type { RpcResponse, StreamRpc, UnaryRpc } from '../../protocol/grpc/rpc.ts';
import type { GrpcCall } from '../../remoting/grpc/grpcCall.ts';

export type AnyResponse = RpcResponse<UnaryRpc | StreamRpc>;

/** Where the answers to an RPC go. */
export interface Answers {
  write(response: AnyResponse): void;
  /** With the one answer of an RPC that has one. */
  end(response?: AnyResponse): void;
}

/** The client. */
export function answersTo(call: GrpcCall, name: UnaryRpc | StreamRpc): Answers {
  return {
    write: (response) => call.send(encodeResponse(name, response)),
    end: (response) => {
      if (response === undefined) call.end();
      else call.end(GrpcStatus.OK, '', encodeResponse(name, response));
    },
  };
}
