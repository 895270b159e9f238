import { Code } from '../../../protocol/grpc/definition_pb.ts';
import { GrpcStatus } from '../../../protocol/grpc/grpcStatus.ts';
import type { RpcName } from '../../../protocol/grpc/rpc.ts';
import type { RpcRefusal } from '../../requestFaults.ts';
import type { Fault } from './fault.ts';

const CODES = refusalsIn(Code, ['CODE_UNSPECIFIED', 'OK']);
const STATUSES = refusalsIn(GrpcStatus, ['OK']);

/** What an RPC can be refused with: codes of the service, and how a call can end. */
export const RPC_CODES: readonly string[] = [...CODES.keys(), ...STATUSES.keys()];

/**
 * Answers of a send whose message is stored nevertheless: of a broker whose disk or slave was late.
 * Source: ResponseBuilder.java.
 */
const STORED: ReadonlySet<Code> = new Set([
  Code.MASTER_PERSISTENCE_TIMEOUT,
  Code.SLAVE_PERSISTENCE_TIMEOUT,
  Code.HA_NOT_AVAILABLE,
]);

/** Undefined for what is neither a name nor a number of one. */
export function rpcCodeOf(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return CODES.get(text) ?? STATUSES.get(text);
  return codeOf(CODES, Number(text)) ?? codeOf(STATUSES, Number(text));
}

export function rpcCodeName(code: number): string {
  return nameOf(CODES, code) ?? nameOf(STATUSES, code) ?? String(code);
}

export function rpcRefusal({ code: number = 0, remark }: Fault, name: RpcName): RpcRefusal {
  const message = remark ?? `refused by a fault, ${rpcCodeName(number)}`;
  const code = codeOf(CODES, number);
  if (code !== undefined) {
    return { kind: 'refuse', status: { code, message }, isCarriedOut: name === 'sendMessage' && STORED.has(code) };
  }
  const ending = codeOf(STATUSES, number);
  return { kind: 'endCall', status: { code: ending ?? GrpcStatus.UNKNOWN, message } };
}

/** Source: TopicRouteHelper.java. */
export function forgottenRpcRoute(topic: string): RpcRefusal {
  const message = `No topic route info in name server for the topic: ${topic}`;
  return { kind: 'refuse', status: { code: Code.TOPIC_NOT_FOUND, message }, isCarriedOut: false };
}

function codeOf<T extends number>(names: ReadonlyMap<string, T>, number: number): T | undefined {
  return names.get(nameOf(names, number) ?? '');
}

function nameOf(names: ReadonlyMap<string, number>, number: number): string | undefined {
  for (const [name, code] of names) if (code === number) return name;
  return undefined;
}

/** By name. An enum of TypeScript has its numbers among its names. */
function refusalsIn<T extends number>(
  table: Readonly<Record<string, T | string>>,
  others: readonly string[],
): ReadonlyMap<string, T> {
  return new Map(
    Object.entries(table).flatMap(([name, code]) =>
      typeof code === 'string' || others.includes(name) ? [] : [[name, code]],
    ),
  );
}
