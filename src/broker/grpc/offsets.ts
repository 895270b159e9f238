import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, QueryOffsetPolicy } from '../../protocol/grpc/definition_pb.ts';
import type { MessageQueue } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { CallContext } from './callContext.ts';
import { obtainTopic } from './obtainTopic.ts';
import { OK, Refusal } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

/* Apache's proxy serves none of these, and no official client asks. Source: service.proto; gRPC sheet §1.1. */

/** UpdateOffset */
export async function updateOffset(
  { broker }: CallContext,
  { group, messageQueue, offset }: RpcRequest<'updateOffset'>,
): Promise<RpcResponse<'updateOffset'>> {
  const groupName = obtainGroup(broker, group);
  const { topic, queueId } = await readQueue(broker, messageQueue);
  broker.offsets.commit(groupName, topic, queueId, checkOffset(offset));
  return { status: OK };
}

/** GetOffset */
export async function getOffset(
  { broker }: CallContext,
  { group, messageQueue }: RpcRequest<'getOffset'>,
): Promise<RpcResponse<'getOffset'>> {
  const groupName = checkGroup(group);
  const { topic, queueId } = await readQueue(broker, messageQueue);
  const offset = broker.offsets.committed(groupName, topic, queueId);
  if (offset === undefined) throw new Refusal(Code.OFFSET_NOT_FOUND, `${groupName} has no offset of the queue`);
  return { status: OK, offset: BigInt(offset) };
}

/** QueryOffset */
export async function queryOffset(
  { broker }: CallContext,
  { messageQueue, queryOffsetPolicy, timestamp }: RpcRequest<'queryOffset'>,
): Promise<RpcResponse<'queryOffset'>> {
  const { topic, queueId } = await readQueue(broker, messageQueue);
  return { status: OK, offset: BigInt(await position()) };

  function position(): number | Promise<number> {
    const { store } = broker;
    switch (queryOffsetPolicy) {
      case QueryOffsetPolicy.BEGINNING:
        return store.minOffset(topic, queueId);
      case QueryOffsetPolicy.END:
        return store.maxOffset(topic, queueId);
      case QueryOffsetPolicy.TIMESTAMP:
        if (timestamp === undefined) throw new Refusal(Code.BAD_REQUEST, 'there is no timestamp');
        return store.offsetByTime(topic, queueId, timestampMs(timestamp), 'lower');
      default:
        throw new Refusal(Code.BAD_REQUEST, `there is no policy ${String(queryOffsetPolicy)}`);
    }
  }
}

/** @throws Refusal ILLEGAL_OFFSET */
export function checkOffset(offset: bigint): number {
  if (offset < 0n || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Refusal(Code.ILLEGAL_OFFSET, `offset ${offset} is illegal`);
  }
  return Number(offset);
}

/** The name of a group that is there now. @throws Refusal */
export function obtainGroup(broker: BrokerContext, group: Parameters<typeof checkGroup>[0]): string {
  const name = checkGroup(group);
  if (broker.groups.find(name) === undefined) {
    throw new Refusal(Code.CONSUMER_GROUP_NOT_FOUND, `subscription group [${name}] does not exist`);
  }
  return name;
}

/** @throws Refusal */
export async function readQueue(
  broker: BrokerContext,
  queue: MessageQueue | undefined,
): Promise<{ readonly topic: string; readonly queueId: number }> {
  const topic = checkTopic(queue?.topic);
  const { readQueueNums } = await obtainTopic(broker, topic);
  const queueId = queue?.id ?? 0;
  if (queueId < 0 || queueId >= readQueueNums) {
    throw new Refusal(Code.BAD_REQUEST, `queue ${queueId} of topic ${topic} is not there`);
  }
  return { topic, queueId };
}
