import type { IncomingRpc, RpcStrike } from '../../requestFaults.ts';
import type { Delays } from './delays.ts';
import type { Fault } from './fault.ts';
import type { FaultList } from './faultList.ts';
import { forgottenRpcRoute, rpcRefusal } from './rpcRefusal.ts';
import { isConversation } from './rpcs.ts';
import { touchedByRpc } from './touchedByRpc.ts';

/** What the fault that strikes an RPC makes of it; undefined when none does. */
export function strikeOnRpc(
  { name, request, clientId }: IncomingRpc,
  faults: FaultList,
  delays: Delays,
): RpcStrike | undefined {
  const seen = {
    server: 'grpc' as const,
    isNamed: ({ rpcs }: Fault): boolean => rpcs?.includes(name) !== false,
    touched: () => touchedByRpc(request),
    clientId: () => (clientId === '' ? undefined : clientId),
  };
  const struck = faults.choose(seen, (listed) =>
    strike(listed.fault, { name, request, clientId }, delays, () => faults.giveBack(listed)),
  );
  return struck?.request;
}

function strike(
  fault: Fault,
  { name, request }: IncomingRpc,
  delays: Delays,
  giveBack: () => void,
): RpcStrike | undefined {
  switch (fault.kind) {
    case 'refuse':
      return rpcRefusal(fault, name);
    case 'forgetRoute':
      return forgottenRpcRoute(touchedByRpc(request).topics[0] ?? '');
    case 'closeConnection':
      return { kind: 'closeConnection' };
    case 'deliverTwice':
      return { kind: 'deliverTwice', nothingCame: giveBack };
    case 'dropAnswer':
      return isConversation(name) ? undefined : { kind: 'dropAnswer' };
    case 'delay':
      if (isConversation(name)) return undefined;
      return {
        kind: 'delay',
        after: (callback) => {
          if (delays.isFull) callback();
          else delays.after(fault.ms ?? 0, callback);
        },
      };
    default:
      // `readFault` lets no other be set here.
      return undefined;
  }
}
