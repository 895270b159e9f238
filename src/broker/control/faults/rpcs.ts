import type { RpcName, StreamRpc, UnaryRpc } from '../../../protocol/grpc/rpc.ts';

/** How each RPC is answered: by one message, by several, or by those of a conversation, of which none answers another. */
const ANSWERS: {
  readonly [N in RpcName]: N extends UnaryRpc ? 'one' : N extends StreamRpc ? 'several' : 'conversation';
} = {
  queryRoute: 'one',
  heartbeat: 'one',
  sendMessage: 'one',
  queryAssignment: 'one',
  receiveMessage: 'several',
  ackMessage: 'one',
  forwardMessageToDeadLetterQueue: 'one',
  pullMessage: 'several',
  updateOffset: 'one',
  getOffset: 'one',
  queryOffset: 'one',
  endTransaction: 'one',
  telemetry: 'conversation',
  notifyClientTermination: 'one',
  changeInvisibleDuration: 'one',
  recallMessage: 'one',
  syncLiteSubscription: 'one',
};

export const RPCS = Object.keys(ANSWERS) as readonly RpcName[];

export function isConversation(name: RpcName): boolean {
  return ANSWERS[name] === 'conversation';
}

/** As the service calls them, `SendMessage`, or as a method, `sendMessage`. */
export function rpcOf(text: string): RpcName | undefined {
  return RPCS.find((name) => name === text || name === text.slice(0, 1).toLowerCase() + text.slice(1));
}
