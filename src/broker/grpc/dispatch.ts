import { errorText } from '../../base/errors.ts';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import { GrpcError, GrpcStatus } from '../../protocol/grpc/grpcStatus.ts';
import { RPC_NAMES, decodeRequest, isUnary, rpcPath } from '../../protocol/grpc/rpc.ts';
import type { RpcName, RpcRequest, RpcResponse, StreamRpc, UnaryRpc } from '../../protocol/grpc/rpc.ts';
import type { GrpcCall } from '../../remoting/grpc/grpcCall.ts';
import { storeRefusal } from '../putMessage.ts';
import type { AnyRpcRequest, RequestFaults, RpcStrike } from '../requestFaults.ts';
import type { Answers } from './answers.ts';
import { checkAccess } from './access.ts';
import { callContext } from './callContext.ts';
import type { CallContext } from './callContext.ts';
import { Refusal, statusOf } from './refusal.ts';
import type { RpcStatus } from './refusal.ts';
import { streamRpcs, unaryRpcs } from './rpcTable.ts';
import type { StreamHandler, UnaryHandler } from './rpcTable.ts';
import { isEndedByFault, struck } from './struck.ts';
import { TelemetryCall } from './telemetry.ts';
import { written } from '../written.ts';

/**
 * Every call is answered: by its handler, by a status that says why not, or, where there is no such RPC, by
 * UNIMPLEMENTED. Source: GrpcMessagingApplication.java.
 */
export function dispatcher(
  parts: Pick<CallContext, 'broker' | 'clients' | 'renewals'>,
  faults?: RequestFaults,
): (call: GrpcCall) => void {
  const names = new Map(RPC_NAMES.map((name) => [rpcPath(name), name]));
  return (call) => {
    const name = names.get(call.path);
    if (name === undefined) {
      call.end(GrpcStatus.UNIMPLEMENTED, `Method not found: ${call.path.slice(1)}`);
      return;
    }
    const context = callContext(parts, call);
    if (name === 'telemetry') converse(context, faults);
    else answerOne(context, name, faults);
  };
}

function converse(context: CallContext, faults: RequestFaults | undefined): void {
  const { call } = context;
  const telemetry = new TelemetryCall(context);
  call.receive({
    message: (bytes) => {
      const said = decoded('telemetry', bytes);
      if (isEndedByFault(context, telemetry, strikeOn(faults, context, 'telemetry', said))) return;
      try {
        checkCaller(context, said);
      } catch (error) {
        telemetry.write({ status: statusOfError(context, 'telemetry', error) });
        call.end();
        return;
      }
      telemetry.take(said);
    },
    halfClosed: () => telemetry.halfClosed(),
  });
}

/** The request is whole when the client half-closes; a second message is none of ours. */
function answerOne(context: CallContext, name: UnaryRpc | StreamRpc, faults: RequestFaults | undefined): void {
  const { call } = context;
  let bytes: Buffer | undefined;
  call.receive({
    message: (message) => {
      if (bytes !== undefined) throw new GrpcError(GrpcStatus.INTERNAL, 'more than one message in a request');
      bytes = message;
    },
    halfClosed: () => {
      if (bytes === undefined) throw new GrpcError(GrpcStatus.INTERNAL, 'there is no message in the request');
      const request = decoded(name, bytes);
      const answers = struck(context, name, strikeOn(faults, context, name, request));
      if (answers === undefined) return;
      const done = isUnary(name)
        ? answer(context, name, request as RpcRequest<UnaryRpc>, answers)
        : stream(context, name, request as RpcRequest<StreamRpc>, answers);
      done.catch((error: unknown) => call.fail(error));
    },
  });
}

function strikeOn(
  faults: RequestFaults | undefined,
  { clientId }: CallContext,
  name: RpcName,
  request: AnyRpcRequest,
): RpcStrike | undefined {
  return faults?.strikeRpc({ name, request, clientId });
}

async function answer(
  context: CallContext,
  name: UnaryRpc,
  request: RpcRequest<UnaryRpc>,
  answers: Answers,
): Promise<void> {
  const handler = unaryRpcs[name] as UnaryHandler<UnaryRpc> | undefined;
  let response: RpcResponse<UnaryRpc>;
  try {
    checkCaller(context, request);
    if (handler === undefined) throw notImplemented(name);
    response = await handler(context, request);
    // As for remoting: no answer leaves before what it tells of is in the files.
    await written(context.broker);
  } catch (error) {
    response = { status: statusOfError(context, name, error) };
  }
  answers.end(response);
}

async function stream(
  context: CallContext,
  name: StreamRpc,
  request: RpcRequest<StreamRpc>,
  answers: Answers,
): Promise<void> {
  const handler = streamRpcs[name] as StreamHandler<StreamRpc> | undefined;
  const write = (response: RpcResponse<StreamRpc>): void => answers.write(response);
  try {
    checkCaller(context, request);
    if (handler === undefined) throw notImplemented(name);
    await handler(context, request, write);
  } catch (error) {
    write({ content: { case: 'status', value: statusOfError(context, name, error) } });
  }
  answers.end();
}

/** Only then the client counts as heard. @throws Refusal UNAUTHORIZED, CLIENT_ID_REQUIRED */
function checkCaller(context: CallContext, request: AnyRpcRequest): void {
  const { clients, clientId, session } = context;
  checkAccess(context, request);
  if (clientId === '') throw new Refusal(Code.CLIENT_ID_REQUIRED, 'client id cannot be empty');
  clients.heard(clientId, session);
}

/** @throws GrpcError INVALID_ARGUMENT */
function decoded<N extends RpcName>(name: N, bytes: Uint8Array): RpcRequest<N> {
  try {
    return decodeRequest(name, bytes);
  } catch (error) {
    throw new GrpcError(GrpcStatus.INVALID_ARGUMENT, `the message cannot be read: ${errorText(error)}`);
  }
}

function notImplemented(name: RpcName): Refusal {
  return new Refusal(Code.NOT_IMPLEMENTED, `${name} is not served`);
}

function statusOfError({ broker, clientId }: CallContext, name: RpcName, error: unknown): RpcStatus {
  if (error instanceof Refusal) return error.status;
  broker.logger.error(`${name} of gRPC client ${clientId} failed`, error);
  const refusal = storeRefusal(broker, error);
  return refusal === undefined ? { code: Code.INTERNAL_SERVER_ERROR, message: errorText(error) } : statusOf(refusal);
}
