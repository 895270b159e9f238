import { RequestCode, ResponseCode } from '../../../protocol/codes.ts';
import { versionOrdinal } from '../../../protocol/command.ts';
import type { FaultKind } from '../../control.ts';
import { badRequest } from '../controlError.ts';
import { Input } from '../input.ts';
import type { ServerKind } from '../../requestFaults.ts';
import { FAULT_KINDS } from './fault.ts';
import type { Fault } from './fault.ts';
import { ownRpcs, rpcCode, rpcsOf, serverOf } from './readRpcFault.ts';

const MAX_MS = 600_000;
const MAX_FOR_MS = 86_400_000;
const MAX_NAME = 255;

/** Requests that people mean by one word. */
const FAMILIES: Readonly<Record<string, readonly number[]>> = {
  SEND: [RequestCode.SEND_MESSAGE, RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE],
  PULL: [RequestCode.PULL_MESSAGE, RequestCode.LITE_PULL_MESSAGE],
  POP: [RequestCode.POP_MESSAGE],
  ACK: [RequestCode.ACK_MESSAGE, RequestCode.BATCH_ACK_MESSAGE],
};

/** What a kind is about, whatever else is asked for. */
const OWN_REQUESTS: Partial<Readonly<Record<FaultKind, readonly number[]>>> = {
  deliverTwice: FAMILIES['PULL'] ?? [],
  forgetRoute: [RequestCode.GET_ROUTEINFO_BY_TOPIC],
};

/** @throws ControlError that says what is allowed */
export function readFault(json: unknown): Fault {
  const input = new Input(json, 'a fault');
  const kind = input.oneOf('kind', FAULT_KINDS);
  if (kind === undefined) throw badRequest('a fault needs "kind"', FAULT_KINDS);
  const rpcs = rpcsOf(input);
  const server = serverOf(kind, input, rpcs !== undefined);
  const fault: Fault = {
    kind,
    server,
    topic: nameOf(input, 'topic'),
    group: nameOf(input, 'group'),
    clientId: nameOf(input, 'clientId'),
    ...(server === 'grpc' ? { rpcs: ownRpcs(kind, rpcs) } : { requests: OWN_REQUESTS[kind] ?? requestsOf(input) }),
    probability: input.number('probability', 0, 1) ?? 1,
    count: input.whole('count', 1, 1e9),
    forMs: input.whole('forMs', 1, MAX_FOR_MS),
    seed: input.whole('seed', 0, 2 ** 32 - 1) ?? 1,
    ...own(kind, server, input),
  };
  input.end();
  return fault;
}

/** What only some kinds have. */
function own(kind: FaultKind, server: ServerKind, input: Input): Partial<Fault> {
  switch (kind) {
    case 'delay': {
      const ms = input.whole('ms', 1, MAX_MS);
      if (ms === undefined) throw input.missing('ms');
      return { ms };
    }
    case 'stopReading':
      return { ms: input.whole('ms', 1, MAX_MS) };
    case 'refuse': {
      const text = input.scalar('code');
      const code = server === 'grpc' ? rpcCode(text) : codeOf(text, ResponseCode, 'code');
      if (code === undefined) throw badRequest('a fault needs "code"', Object.keys(ResponseCode));
      return { code, remark: input.text('remark') };
    }
    case 'pretendVersion':
      return { version: versionOf(input) };
    default:
      return {};
  }
}

function nameOf(input: Input, field: string): string | undefined {
  const name = input.text(field);
  if (name !== undefined && name.length > MAX_NAME) throw badRequest(`${field} has more than ${MAX_NAME} characters`);
  return name;
}

function requestsOf(input: Input): readonly number[] | undefined {
  return input.list('request')?.flatMap((one) => {
    const text = typeof one === 'number' ? String(one) : one;
    if (typeof text !== 'string') throw badRequest('request is a name or a number, or a list of them');
    return FAMILIES[text] ?? codeOf(text, RequestCode, 'request', Object.keys(FAMILIES)) ?? [];
  });
}

function codeOf(
  text: string | undefined,
  table: Readonly<Record<string, number>>,
  field: string,
  more: readonly string[] = [],
): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const code = Object.hasOwn(table, text) ? table[text] : undefined;
  if (code === undefined) {
    throw badRequest(`${field} cannot be ${JSON.stringify(text.slice(0, 80))}: a number or a name`, [
      ...more,
      ...Object.keys(table),
    ]);
  }
  return code;
}

function versionOf(input: Input): number {
  const text = input.scalar('version');
  if (text === undefined) throw input.missing('version');
  const parts = /^V?([45])[._](\d)[._](\d)$/.exec(text);
  if (parts !== null) return versionOrdinal(parts[1] === '4' ? 4 : 5, Number(parts[2]), Number(parts[3]));
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw badRequest(`version cannot be ${JSON.stringify(text.slice(0, 80))}: a release such as 4.9.4, or its ordinal`);
}
