import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import { AddressScheme, Permission } from '../../protocol/grpc/definition_pb.ts';
import type { Endpoints, EndpointsSchema } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import type { CallContext } from './callContext.ts';
import { acceptedTypes } from './messageType.ts';
import { obtainTopic } from './obtainTopic.ts';
import { OK } from './refusal.ts';
import { checkTopic } from './validate.ts';

/**
 * QueryRoute: the queues of a topic on this broker. Where it is reached is what the client said itself, so that
 * mapped ports and other names hold. Source: RouteActivity.java; gRPC sheet §4.3.
 */
export async function queryRoute(
  context: CallContext,
  { topic, endpoints }: RpcRequest<'queryRoute'>,
): Promise<RpcResponse<'queryRoute'>> {
  const config = await obtainTopic(context.broker, checkTopic(topic));
  const broker = { name: context.broker.config.brokerName, id: 0, endpoints: reachedAt(context, endpoints) };
  const acceptMessageTypes = [...acceptedTypes(config)];
  const messageQueues = queuePermissions(config, context.broker.config.brokerPermission).map((permission, id) => {
    return { topic, id, permission, broker, acceptMessageTypes };
  });
  return { status: OK, messageQueues };
}

/** What the client called this endpoint; or where its connection ends. */
export function reachedAt(
  { session }: CallContext,
  given: Endpoints | undefined,
): MessageInitShape<typeof EndpointsSchema> {
  if (given !== undefined && given.addresses.length > 0) return given;
  const { localAddress } = session;
  return {
    scheme: localAddress.host.includes(':') ? AddressScheme.IPv6 : AddressScheme.IPv4,
    addresses: [localAddress],
  };
}

/** By queue: read-only ones first, then write-only ones, then those for both, as Apache's proxy numbers them. */
function queuePermissions(
  { readQueueNums, writeQueueNums, perm }: TopicConfig,
  brokerPermission: number,
): Permission[] {
  const allowed = perm & brokerPermission;
  const read = (allowed & Perm.READ) === 0 ? 0 : readQueueNums;
  const write = (allowed & Perm.WRITE) === 0 ? 0 : writeQueueNums;
  if (read === 0 && write === 0) return repeat(Permission.NONE, Math.max(1, readQueueNums, writeQueueNums));
  const both = Math.min(read, write);
  return [
    ...repeat(Permission.READ, read - both),
    ...repeat(Permission.WRITE, write - both),
    ...repeat(Permission.READ_WRITE, both),
  ];
}

function repeat(permission: Permission, count: number): Permission[] {
  return Array.from({ length: count }, () => permission);
}
