import { ClientType, Code } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import type { CallContext } from './callContext.ts';
import { checkClientType } from './lite/liteClient.ts';
import { isConsumer, joinAsConsumer, joinAsProducer } from './membership.ts';
import { OK, Refusal } from './refusal.ts';
import { checkGroup } from './validate.ts';

/**
 * Heartbeat. A client that gave no settings yet, as after a restart of the broker, is taken for what it says it is:
 * Apache's proxy refuses it, and some clients never give settings again. Source: ClientActivity.java; gRPC sheet §6, 20.
 */
export function heartbeat(
  context: CallContext,
  { clientType, group }: RpcRequest<'heartbeat'>,
): RpcResponse<'heartbeat'> {
  const { broker, clients } = context;
  const known = clients.get(context.clientId);
  const type = known?.settings?.clientType ?? clientType;
  if (type === ClientType.CLIENT_TYPE_UNSPECIFIED || !(type in ClientType)) {
    throw new Refusal(Code.UNRECOGNIZED_CLIENT_TYPE, 'cannot find client settings for this client');
  }
  checkClientType(broker, type);
  if (isConsumer(type)) checkGroup(group);
  const client = known ?? clients.obtain(context);
  client.noteType(clientType);
  if (isConsumer(type)) joinAsConsumer(broker, client);
  else joinAsProducer(broker, client, client.producedTopics);
  return { status: OK };
}

/** NotifyClientTermination: the client is a member of nothing any more. Its stream ends when it half-closes that. */
export function notifyClientTermination(
  { clients, clientId }: CallContext,
  { group }: RpcRequest<'notifyClientTermination'>,
): RpcResponse<'notifyClientTermination'> {
  const client = clients.get(clientId);
  if (client === undefined) {
    throw new Refusal(Code.UNRECOGNIZED_CLIENT_TYPE, 'cannot find client settings for this client');
  }
  // Producers of Go name a group too, which may be empty.
  if (isConsumer(client.clientType)) checkGroup(group);
  clients.takesLeave(clientId);
  client.dispose();
  return { status: OK };
}
