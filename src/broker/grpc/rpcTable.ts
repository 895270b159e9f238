import type { RpcRequest, RpcResponse, StreamRpc, UnaryRpc } from '../../protocol/grpc/rpc.ts';
import { ackMessage } from './ack.ts';
import { queryAssignment } from './assignment.ts';
import type { CallContext } from './callContext.ts';
import { forwardMessageToDeadLetterQueue } from './deadLetter.ts';
import { heartbeat, notifyClientTermination } from './heartbeat.ts';
import { changeInvisibleDuration } from './invisibleDuration.ts';
import { syncLiteSubscription } from './lite/syncSubscription.ts';
import { receiveMessage } from './receive.ts';
import { recallMessage } from './recall.ts';
import { getOffset, queryOffset, updateOffset } from './offsets.ts';
import { pullMessage } from './pull.ts';
import { queryRoute } from './route.ts';
import { sendMessage } from './send.ts';
import { endTransaction } from './transaction.ts';

/** Throwing a Refusal answers with its status; whatever else is thrown is INTERNAL_SERVER_ERROR. */
export type UnaryHandler<N extends UnaryRpc> = (
  context: CallContext,
  request: RpcRequest<N>,
) => RpcResponse<N> | Promise<RpcResponse<N>>;

/** What is answered one by one; the call ends when the handler is done. */
export type StreamHandler<N extends StreamRpc> = (
  context: CallContext,
  request: RpcRequest<N>,
  write: (response: RpcResponse<N>) => void,
) => void | Promise<void>;

type UnaryRpcs = { readonly [N in UnaryRpc]?: UnaryHandler<N> };
type StreamRpcs = { readonly [N in StreamRpc]?: StreamHandler<N> };

/** What the endpoint answers; any other RPC gets NOT_IMPLEMENTED. Telemetry is in telemetry.ts. */
export const unaryRpcs: UnaryRpcs = {
  queryRoute,
  heartbeat,
  notifyClientTermination,
  queryAssignment,
  ackMessage,
  changeInvisibleDuration,
  sendMessage,
  endTransaction,
  recallMessage,
  forwardMessageToDeadLetterQueue,
  syncLiteSubscription,
  updateOffset,
  getOffset,
  queryOffset,
};

export const streamRpcs: StreamRpcs = {
  receiveMessage,
  pullMessage,
};
