import { Perm } from '../../protocol/bodies/route.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { ORDERED } from '../../protocol/popReceipt.ts';
import type { Peer, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { FAQ_HINT } from '../reply.ts';

/** Who wants messages of which queue; -1 is any. */
export interface PopQueue {
  readonly topic: string;
  readonly consumerGroup: string;
  readonly queueId: number;
}

/** May the broker be read? `what` is the verb of the remark. */
export function checkBrokerReadable({ config }: BrokerContext, what: 'pop' | 'peeking'): Reply | undefined {
  if ((config.brokerPermission & Perm.READ) !== 0) return undefined;
  return noPermission(`the broker[${config.brokerIP1}] ${what} message is forbidden`);
}

/** The checks that a pop, a peek and their like have in common, in their order. Source: PopMessageProcessor.java. */
export function checkPopQueue(
  broker: BrokerContext,
  { topic, consumerGroup: group, queueId }: PopQueue,
  connection: Pick<Peer, 'remoteAddress'>,
): Reply | undefined {
  const config = broker.topics.get(topic);
  if (config === undefined) return topicMissing(topic);
  if ((config.perm & Perm.READ) === 0) return noPermission(`the topic[${topic}] peeking message is forbidden`);
  if (queueId >= config.readQueueNums || queueId < -1) {
    return { code: ResponseCode.INVALID_PARAMETER, remark: queueIllegal(config, queueId, connection) };
  }
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: `subscription group [${group}] does not exist, ${FAQ_HINT}`,
    };
  }
  return settings.consumeEnable ? undefined : noPermission(`subscription group no permission, ${group}`);
}

/** Those of an acknowledgement and of a change of the invisible time. Source: AckMessageProcessor.java. */
export function checkPoppedQueue(
  broker: BrokerContext,
  { topic, queueId }: Omit<PopQueue, 'consumerGroup'>,
  connection: Pick<Peer, 'remoteAddress'>,
): Reply | undefined {
  const config = broker.topics.get(topic);
  if (config === undefined) return topicMissing(topic);
  if (queueId < config.readQueueNums && queueId >= 0) return undefined;
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark: queueIllegal(config, queueId, connection) };
}

/** A receipt for a queue that the revive log does not have is none of this broker's. Apache's would write it there. */
export function checkReviveQueue(broker: BrokerContext, reviveQueueId: number): Reply | undefined {
  const isKnown = reviveQueueId === ORDERED || (reviveQueueId >= 0 && reviveQueueId < broker.pops.log.queues);
  if (isKnown) return undefined;
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark: `reviveQid[${reviveQueueId}] is illegal` };
}

function topicMissing(topic: string): Reply {
  return {
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: `topic[${topic}] not exist, apply first please! ${FAQ_HINT}`,
  };
}

function queueIllegal(
  { topicName, readQueueNums }: TopicConfig,
  queueId: number,
  connection: Pick<Peer, 'remoteAddress'>,
): string {
  return (
    `queueId[${queueId}] is illegal, topic:[${topicName}] topicConfig.readQueueNums:[${readQueueNums}] ` +
    `consumer:[/${connection.remoteAddress}]`
  );
}

function noPermission(remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark };
}
