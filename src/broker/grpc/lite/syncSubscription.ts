import { Code, LiteSubscriptionAction, OffsetOption_Policy } from '../../../protocol/grpc/definition_pb.ts';
import type { OffsetOption } from '../../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../../protocol/grpc/rpc.ts';
import { liteQueue } from '../../../protocol/liteTopic.ts';
import { addQueues, removeQueues, setQueues } from '../../lite/subscribeLite.ts';
import type { LiteStart } from '../../lite/subscribeLite.ts';
import type { CallContext } from '../callContext.ts';
import { obtainTopic } from '../obtainTopic.ts';
import { OK, Refusal } from '../refusal.ts';
import { checkGroup, checkTopic } from '../validate.ts';
import { checkLiteGroup, servedLite, subscriberOf } from './liteClient.ts';
import { checkLiteTopic } from './liteTopicName.ts';

const { PARTIAL_ADD, PARTIAL_REMOVE, COMPLETE_REMOVE } = LiteSubscriptionAction;

/**
 * SyncLiteSubscription: one lite topic more or less, or all that the client has. Its version says nothing to Apache's
 * broker either. Source: ClientActivity.java, LiteSubscriptionCtlProcessor.java of 5.5.0.
 */
export async function syncLiteSubscription(
  context: CallContext,
  { action, topic, group, liteTopicSet, offsetOption }: RpcRequest<'syncLiteSubscription'>,
): Promise<RpcResponse<'syncLiteSubscription'>> {
  const { broker, clients, clientId } = context;
  const lite = servedLite(broker);
  const where = { topic: checkTopic(topic), group: checkGroup(group) };
  if (action === COMPLETE_REMOVE) {
    lite.subscriptions.removeClient(clientId);
    return { status: OK };
  }
  const names = new Set(liteTopicSet);
  if (action !== PARTIAL_REMOVE) for (const name of names) checkLiteTopic(name, broker.config);
  const start = action === PARTIAL_ADD ? startOf(offsetOption) : undefined;
  await obtainTopic(broker, where.topic);
  checkLiteGroup(broker, where.topic, where.group);
  if (action !== PARTIAL_REMOVE && broker.groups.find(where.group)?.consumeEnable === false) {
    throw new Refusal(Code.FORBIDDEN, 'Consumer group is not allowed to consume.');
  }
  const client = clients.get(clientId) ?? clients.obtain(context);
  const subscriber = subscriberOf(lite, client, where);
  const queues = [...names].map((name) => liteQueue(where.topic, name));
  const parts = { ...broker, lite };
  if (action === PARTIAL_REMOVE) {
    removeQueues(parts, subscriber, queues);
    return { status: OK };
  }
  const isDone =
    action === PARTIAL_ADD ? addQueues(parts, subscriber, queues, start) : setQueues(parts, subscriber, queues);
  if (isDone) return { status: OK };
  const max = broker.config.maxLiteSubscriptionCount;
  throw new Refusal(Code.LITE_SUBSCRIPTION_QUOTA_EXCEEDED, `lite subscription quota exceeded ${max}`);
}

/** Undefined goes on where the group is. A moment does so too, as with Apache's broker. */
function startOf(option: OffsetOption | undefined): LiteStart | undefined {
  const { offsetType } = option ?? {};
  switch (offsetType?.case) {
    case 'policy':
      if (offsetType.value === OffsetOption_Policy.MIN) return { from: 'min' };
      return offsetType.value === OffsetOption_Policy.MAX ? { from: 'max' } : undefined;
    case 'offset':
      return { from: 'offset', offset: counted(offsetType.value) };
    case 'tailN':
      return { from: 'tail', count: counted(offsetType.value) };
    default:
      return undefined;
  }
}

/** @throws Refusal ILLEGAL_OFFSET */
function counted(value: bigint): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new Refusal(Code.ILLEGAL_OFFSET, `offset ${value} cannot be`);
}
