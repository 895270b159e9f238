import { encodeGroupTable, groupConfigJson, readGroupConfig } from '../../protocol/bodies/group.ts';
import {
  encodeAllProducers,
  encodeConsumerConnection,
  encodeProducerConnection,
} from '../../protocol/bodies/connection.ts';
import type { ConnectedClient } from '../../protocol/bodies/connection.ts';
import { encodeConsumeStats } from '../../protocol/bodies/consumeStats.ts';
import type { QueueProgress } from '../../protocol/bodies/consumeStats.ts';
import { readBody } from '../../protocol/bodies/read.ts';
import { encodeTopicList } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import {
  consumeStats as statsFields,
  consumerGroupOnly,
  deleteGroup as deleteFields,
  groupOnly,
  producerGroupOnly,
} from '../../protocol/requests/group.ts';
import { topicOnly } from '../../protocol/requests/topic.ts';
import { groupNameProblem, retryTopic } from '../../protocol/topicName.ts';
import type { Connection, IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, successBody } from '../reply.ts';
import type { ClientInfo } from '../state/consumers.ts';
import { MAX_QUEUES } from '../state/topics.ts';
import { storeTimeAt } from './offset.ts';

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP 200. */
export function updateGroup(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const config = readGroupConfig(readBody(command.body));
  const problem = groupNameProblem(config.groupName);
  if (problem !== undefined) {
    return {
      code: ResponseCode.INVALID_PARAMETER,
      remark: `The specified group: ${config.groupName}, is ${problem.replace('-', ' ')}`,
    };
  }
  if (config.retryQueueNums > MAX_QUEUES) {
    const remark = `retryQueueNums may be at most ${MAX_QUEUES}, not ${config.retryQueueNums}`;
    return { code: ResponseCode.INVALID_PARAMETER, remark };
  }
  broker.groups.put(config);
  return SUCCESS;
}

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG 201: everything at once, also to readers that could take pages. */
export function getAllGroups(broker: BrokerContext): Reply {
  return {
    code: ResponseCode.SUCCESS,
    extFields: { totalGroupNum: String(broker.groups.size) },
    body: encodeGroupTable(broker.groups.table()),
  };
}

/** GET_SUBSCRIPTIONGROUP_CONFIG 352. */
export function getGroupConfig(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { group } = decodeFields(groupOnly, command.extFields);
  const config = broker.groups.find(group);
  if (config !== undefined) return successBody(Buffer.from(stringifyFastjson(groupConfigJson(config))));
  return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `No group in this broker, Group: ${group}` };
}

/** DELETE_SUBSCRIPTIONGROUP 207. */
export function deleteGroup(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { groupName, cleanOffset } = decodeFields(deleteFields, command.extFields);
  broker.groups.delete(groupName);
  broker.statistics.groupDeleted(groupName);
  if (cleanOffset === true) broker.offsets.deleteGroup(groupName);
  return SUCCESS;
}

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

/** GET_CONSUME_STATS 208: where a group is in each queue of a topic, or of all its topics. */
export async function getConsumeStats(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { consumerGroup, topic } = decodeFields(statsFields, command.extFields);
  const topics = topic === undefined || topic === '' ? topicsOf(broker, consumerGroup) : [topic];
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

/** GET_ALL_CONSUMER_OFFSET 43. */
export function getAllConsumerOffsets(broker: BrokerContext): Reply {
  return successBody(broker.offsets.encode());
}

/** GET_ALL_DELAY_OFFSET 45. */
export function getAllDelayOffsets(broker: BrokerContext): Reply {
  return successBody(broker.delayLevels.encode());
}

/** Topics that are gone are left out: tools ask for the route of each and stop at one that has none. */
function topicsOf(broker: BrokerContext, group: string): string[] {
  const subscribed = broker.consumers.get(group)?.subscriptions.keys() ?? [];
  const names = new Set([...broker.offsets.topicsOf(group), ...subscribed, retryTopic(group)]);
  return [...names].filter((name) => broker.topics.get(name) !== undefined);
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
        pullOffset: broker.offsets.pulled(group, topic, queueId) ?? 0,
        lastTimestamp: (await storeTimeAt(broker, topic, queueId, consumerOffset - 1)) ?? 0,
      };
    }),
  );
}

function connected(members: ReadonlyMap<Connection, ClientInfo>): ConnectedClient[] {
  return [...members].map(([connection, client]) => connectedClient(connection, client));
}

function connectedClient(connection: Connection, { clientId, language, version }: ClientInfo): ConnectedClient {
  return { clientId, clientAddr: connection.remoteAddress, language, version };
}
