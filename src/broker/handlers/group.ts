import {
  encodeAllProducers,
  encodeConsumerConnection,
  encodeProducerConnection,
  encodeSubscription,
} from '../../protocol/bodies/connection.ts';
import type { ConnectedClient } from '../../protocol/bodies/connection.ts';
import { encodeConsumeStats } from '../../protocol/bodies/consumeStats.ts';
import type { QueueProgress } from '../../protocol/bodies/consumeStats.ts';
import { encodeTopicList } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import {
  consumeStats as statsFields,
  consumerGroupOnly,
  groupAndTopic,
  groupOnly,
  producerGroupOnly,
} from '../../protocol/requests/group.ts';
import { topicOnly } from '../../protocol/requests/topic.ts';
import type { Peer, IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import type { ClientInfo } from '../state/consumers.ts';
import { storeTimeAt } from './offset.ts';

/** GET_CONSUMER_CONNECTION_LIST 203. */
export function getConsumerConnections(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup } = decodeFields(consumerGroupOnly, command.extFields);
  const group = broker.consumers.get(consumerGroup);
  if (group === undefined) {
    return { code: ResponseCode.CONSUMER_NOT_ONLINE, remark: `the consumer group[${consumerGroup}] not online` };
  }
  const subscriptions = group.subscriptions.values();
  return successBody(encodeConsumerConnection(connected(group.members), { ...group, subscriptions }));
}

/** GET_PRODUCER_CONNECTION_LIST 204. */
export function getProducerConnections(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { producerGroup } = decodeFields(producerGroupOnly, command.extFields);
  const members = broker.producers.members(producerGroup);
  if (members !== undefined) return successBody(encodeProducerConnection(connected(members)));
  return { code: ResponseCode.SYSTEM_ERROR, remark: `the producer group[${producerGroup}] not exist` };
}

/** GET_ALL_PRODUCER_INFO 328. */
export function getAllProducers(broker: BrokerContext): Reply {
  const groups = [...broker.producers.all()].map(([group, members]) => {
    const clients = [...members].map(([connection, client]) => {
      return { ...connectedClient(connection, client), lastUpdateTimestamp: client.lastUpdateMs };
    });
    return [group, clients] as const;
  });
  return successBody(encodeAllProducers(groups));
}

/** GET_CONSUME_STATS 208: where a group is in each queue of some topics, or of all in which it has offsets. */
export async function getConsumeStats(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { consumerGroup, topic, topicList } = decodeFields(statsFields, command.extFields);
  const topics = topicsToCount(broker, consumerGroup, topic ?? '', topicList ?? '');
  const progress = await Promise.all(topics.map((name) => progressIn(broker, consumerGroup, name)));
  const tps = topics.reduce((sum, name) => sum + broker.statistics.groupGetTps(name, consumerGroup), 0);
  return successBody(encodeConsumeStats(progress.flat(), tps));
}

/** QUERY_TOPIC_CONSUME_BY_WHO 300: groups that are online, and groups that have offsets. */
export function getGroupsOfTopic(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { topic } = decodeFields(topicOnly, command.extFields);
  const groups = new Set([...broker.consumers.groupsOf(topic), ...broker.offsets.groupsOf(topic)]);
  return successBody(Buffer.from(stringifyFastjson({ groupList: [...groups] })));
}

/** QUERY_TOPICS_BY_CONSUMER 343. */
export function getTopicsOfGroup(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { group } = decodeFields(groupOnly, command.extFields);
  return successBody(encodeTopicList({ topics: broker.offsets.topicsOf(group), brokerAddr: broker.address }));
}

/** QUERY_SUBSCRIPTION_BY_CONSUMER 345: what the group has subscribed to of a topic, if it has. */
export function getSubscription(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { group, topic } = decodeFields(groupAndTopic, command.extFields);
  const subscription = topic === undefined ? undefined : broker.consumers.subscription(group, topic);
  return successBody(encodeSubscription({ group, topic, subscription }));
}

/** GET_ALL_CONSUMER_OFFSET 43. */
export function getAllConsumerOffsets(broker: BrokerContext): Reply {
  return successBody(broker.offsets.encode());
}

/** GET_ALL_DELAY_OFFSET 45. */
export function getAllDelayOffsets(broker: BrokerContext): Reply {
  return successBody(broker.delayLevels.encode());
}

/**
 * Those that are listed, or else named, or all; of the last two only what the group subscribes to, while it is online.
 * Topics that are gone are left out: tools ask for the route of each and stop at one that has none.
 * Source: AdminBrokerProcessor.java, getTopicsForCollectingConsumeStats.
 */
function topicsToCount(broker: BrokerContext, group: string, topic: string, topicList: string): string[] {
  const exists = (name: string): boolean => broker.topics.get(name) !== undefined;
  const listed = topicList.split(';').filter((name) => name !== '');
  if (listed.length > 0) return [...new Set(listed)].filter(exists);
  const names = topic.trim() === '' ? broker.offsets.topicsOf(group) : [topic];
  return names.filter((name) => exists(name) && mayConsume(broker, group, name));
}

/** A group that is online reads what it subscribes to; of another it is not known. */
export function mayConsume(broker: BrokerContext, group: string, topic: string): boolean {
  const count = broker.consumers.get(group)?.subscriptions.size ?? 0;
  return count === 0 || broker.consumers.subscription(group, topic) !== undefined;
}

async function progressIn(broker: BrokerContext, group: string, topic: string): Promise<QueueProgress[]> {
  const queueCount = broker.topics.get(topic)?.readQueueNums ?? 0;
  return Promise.all(
    Array.from({ length: queueCount }, async (_, queueId) => {
      const consumerOffset = broker.offsets.committed(group, topic, queueId) ?? 0;
      return {
        topic,
        brokerName: broker.config.brokerName,
        queueId,
        brokerOffset: broker.store.maxOffset(topic, queueId),
        consumerOffset,
        pullOffset: Math.max(consumerOffset, broker.offsets.pulled(group, topic, queueId) ?? 0),
        lastTimestamp: (await storeTimeAt(broker, topic, queueId, consumerOffset - 1)) ?? 0,
      };
    }),
  );
}

function connected(members: ReadonlyMap<Peer, ClientInfo>): ConnectedClient[] {
  return [...members].map(([connection, client]) => connectedClient(connection, client));
}

function connectedClient(connection: Peer, { clientId, language, version }: ClientInfo): ConnectedClient {
  return { clientId, clientAddr: connection.remoteAddress, language, version };
}
