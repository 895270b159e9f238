import { ResponseCode } from '../../../protocol/codes.ts';
import { ClientType, Code, MessageType } from '../../../protocol/grpc/definition_pb.ts';
import { liteQueueParts } from '../../../protocol/liteTopic.ts';
import type { BrokerContext } from '../../brokerContext.ts';
import { bindTopic } from '../../lite/liteGroup.ts';
import type { LiteSubscriber } from '../../lite/liteSubscriptions.ts';
import type { LiteTopics } from '../../lite/liteTopics.ts';
import type { GrpcClient } from '../grpcClient.ts';
import { acceptedTypes } from '../messageType.ts';
import { Refusal, refusalOf } from '../refusal.ts';

export function isLiteClient(clientType: ClientType | undefined): boolean {
  return clientType === ClientType.LITE_PUSH_CONSUMER || clientType === ClientType.LITE_SIMPLE_CONSUMER;
}

/** @throws Refusal UNRECOGNIZED_CLIENT_TYPE where lite topics are off, as releases without them say it */
export function checkClientType({ lite }: BrokerContext, clientType: ClientType | undefined): void {
  if (lite !== undefined || clientType === undefined || !isLiteClient(clientType)) return;
  throw new Refusal(Code.UNRECOGNIZED_CLIENT_TYPE, `${ClientType[clientType]}: lite topics are not served`);
}

/** @throws Refusal NOT_IMPLEMENTED */
export function servedLite({ lite }: BrokerContext): LiteTopics {
  if (lite === undefined) throw new Refusal(Code.NOT_IMPLEMENTED, 'lite topics are not served');
  return lite;
}

/**
 * May the group read lite topics of the topic? One that nobody bound to a topic may: Apache's broker wants it bound.
 * Source: PopLiteMessageProcessor.java of 5.5.0, preCheck.
 * @throws Refusal
 */
export function checkLiteGroup({ topics, groups }: BrokerContext, topic: string, group: string): void {
  const config = topics.get(topic);
  if (config !== undefined && !acceptedTypes(config).includes(MessageType.LITE)) {
    throw illegal(`the topic [${topic}] message type not match`);
  }
  const bound = bindTopic(groups.find(group));
  if (bound !== undefined && bound !== topic) throw illegal(`subscription bind topic not match, ${group}`);
}

function illegal(remark: string): Refusal {
  return refusalOf({ code: ResponseCode.INVALID_PARAMETER, remark });
}

/** What the client subscribes to; it ends with the client. */
export function subscriberOf(
  { subscriptions }: LiteTopics,
  client: GrpcClient,
  { topic, group }: { readonly topic: string; readonly group: string },
): LiteSubscriber {
  const { clientId } = client;
  const known = subscriptions.get(clientId);
  if (known?.group === group && known.topic === topic) return known;
  if (known === undefined) client.onClose(() => subscriptions.removeClient(clientId));
  const evicted = (queue: string): void => {
    const liteTopic = liteQueueParts(queue)?.liteTopic ?? '';
    client.tell({ command: { case: 'notifyUnsubscribeLiteCommand', value: { liteTopic } } });
  };
  return subscriptions.obtain({ clientId, evicted }, group, topic);
}
