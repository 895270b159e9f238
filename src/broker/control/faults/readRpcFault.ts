import type { RpcName } from '../../../protocol/grpc/rpc.ts';
import type { FaultKind } from '../../control.ts';
import type { ServerKind } from '../../requestFaults.ts';
import { badRequest } from '../controlError.ts';
import type { Input } from '../input.ts';
import { RPC_CODES, rpcCodeOf } from './rpcRefusal.ts';
import { RPCS, isConversation, rpcOf } from './rpcs.ts';

/** What a kind cannot mean where a connection is HTTP/2 and an RPC has its own stream there. */
const MEANINGLESS: Partial<Readonly<Record<FaultKind, string>>> = {
  answerTwice: 'an RPC has one answer; use deliverTwice for messages',
  stopReading: 'RPCs share a connection, each on a stream of its own; use delay or dropAnswer',
  pretendVersion: 'answers of gRPC name no release',
};

/** What a kind is about, whatever else is asked for. */
const OWN_RPCS: Partial<Readonly<Record<FaultKind, readonly RpcName[]>>> = {
  deliverTwice: ['receiveMessage'],
  forgetRoute: ['queryRoute'],
};

/** RPCs that a fault names are those of the endpoint of gRPC. @throws ControlError */
export function serverOf(kind: FaultKind, input: Input, namesRpcs: boolean): ServerKind {
  const remoting = kind === 'forgetRoute' ? (['nameServer'] as const) : (['broker', 'nameServer'] as const);
  const given = input.oneOf<ServerKind>('server', [...remoting, 'grpc']);
  const server = given ?? (namesRpcs ? 'grpc' : remoting[0]);
  if (server !== 'grpc') {
    if (namesRpcs) throw badRequest(`rpc is of the server grpc, not of ${server}`);
    return server;
  }
  if (input.list('request') !== undefined) {
    throw badRequest('request is a code of the remoting protocol; an RPC is named by rpc', RPCS);
  }
  const reason = MEANINGLESS[kind];
  if (reason !== undefined) throw badRequest(`${kind} means nothing for gRPC: ${reason}`);
  return server;
}

/** One or several, by name. @throws ControlError */
export function rpcsOf(input: Input): readonly RpcName[] | undefined {
  return input.list('rpc')?.map((one) => {
    const name = typeof one === 'string' ? rpcOf(one) : undefined;
    if (name === undefined) throw badRequest('rpc is the name of one, or a list of them', RPCS);
    return name;
  });
}

/** @throws ControlError where the kind cannot strike them */
export function ownRpcs(kind: FaultKind, rpcs: readonly RpcName[] | undefined): readonly RpcName[] | undefined {
  const own = OWN_RPCS[kind];
  if (own !== undefined) {
    if (rpcs?.every((name) => own.includes(name)) === false) throw badRequest(`${kind} is about another RPC`, own);
    return own;
  }
  if ((kind === 'delay' || kind === 'dropAnswer') && rpcs?.some(isConversation) === true) {
    throw badRequest(`${kind} means nothing for telemetry, where no message answers another`, [
      'refuse',
      'closeConnection',
    ]);
  }
  return rpcs;
}

/** @throws ControlError */
export function rpcCode(text: string | undefined): number {
  const code = text === undefined ? undefined : rpcCodeOf(text);
  if (code !== undefined) return code;
  const what = text === undefined ? 'a fault needs "code"' : `code cannot be ${JSON.stringify(text.slice(0, 80))}`;
  throw badRequest(what, RPC_CODES);
}
