import { Perm } from '../../protocol/bodies/route.ts';
import { Code, Permission } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { bindTopic } from '../lite/liteGroup.ts';
import type { CallContext } from './callContext.ts';
import { isLiteClient } from './lite/liteClient.ts';
import { obtainTopic } from './obtainTopic.ts';
import { OK, Refusal } from './refusal.ts';
import { reachedAt } from './route.ts';
import { checkGroup, checkTopic } from './validate.ts';

/** Stands for all queues of a broker. */
const ANY_QUEUE = [-1];

/**
 * QueryAssignment: everybody of a group gets the whole broker, and a group in order each of its queues, since one
 * receive gives messages of any queue. Clients compare one answer with the next. Source: RouteActivity.java; gRPC
 * sheet §4.3.
 */
export async function queryAssignment(
  context: CallContext,
  { topic, group, endpoints }: RpcRequest<'queryAssignment'>,
): Promise<RpcResponse<'queryAssignment'>> {
  const { clients, clientId } = context;
  const { config, groups } = context.broker;
  const topicName = checkTopic(topic);
  const groupName = checkGroup(group);
  const { perm, readQueueNums } = await obtainTopic(context.broker, topicName);
  const allowed = perm & config.brokerPermission;
  if ((allowed & Perm.READ) === 0 || readQueueNums === 0) throw new Refusal(Code.FORBIDDEN, 'no readable queue');
  const permission = (allowed & Perm.WRITE) === 0 ? Permission.READ : Permission.READ_WRITE;
  const broker = { name: config.brokerName, id: 0, endpoints: reachedAt(context, endpoints) };
  // Lite topics know no queues. Source: RouteActivity.java of 5.5.0.
  const settings = groups.find(groupName);
  const isLite = bindTopic(settings) !== undefined || isLiteClient(clients.get(clientId)?.clientType);
  const isOrdered = settings?.consumeMessageOrderly === true && !isLite;
  const ids = isOrdered ? Array.from({ length: readQueueNums }, (_, id) => id) : ANY_QUEUE;
  return { status: OK, assignments: ids.map((id) => ({ messageQueue: { topic, id, permission, broker } })) };
}
