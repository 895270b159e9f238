import { CodedError, errorText, isCodedError } from '../base/errors.ts';
import { decodeGroupTable } from '../protocol/bodies/group.ts';
import { decodeKvTable, decodeTopicList } from '../protocol/bodies/route.ts';
import type { BrokerData, ClusterInfo } from '../protocol/bodies/route.ts';
import { decodeTopicStats } from '../protocol/bodies/topic.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';
import { encodeFields } from '../protocol/fields.ts';
import { isSystemGroup } from '../protocol/groupName.ts';
import { createTopic as createTopicFields, topicOnly } from '../protocol/requests/topic.ts';
import { AUTO_CREATE_TOPIC, checkTopicName, isSystemTopic } from '../protocol/topicName.ts';
import type { ClusterContext } from './clusterContext.ts';
import type { BrokerDetail, BrokerNode, GroupSummary, QueueState, TopicSpec, TopicSummary } from './model.ts';
import { ownTopics, topicKind } from './topicKind.ts';

/** All brokers, masters before their slaves. */
export async function listBrokers({ nameServers }: ClusterContext): Promise<readonly BrokerNode[]> {
  const { brokers } = await nameServers.clusterInfo();
  return brokers
    .flatMap(({ cluster, brokerName, brokerAddrs }) =>
      [...brokerAddrs].map(([brokerId, address]) => ({ clusterName: cluster, brokerName, brokerId, address })),
    )
    .sort(
      (a, b) => compare(a.clusterName, b.clusterName) || compare(a.brokerName, b.brokerName) || a.brokerId - b.brokerId,
    );
}

export async function readBrokerDetail(context: ClusterContext, address: string): Promise<BrokerDetail> {
  const answer = await callBroker(context, address, { code: RequestCode.GET_BROKER_RUNTIME_INFO });
  const runtime = decodeKvTable(answer.body);
  return { version: runtime.get('brokerVersionDesc'), runtime };
}

/** Topics by name, each with its kind: of one cluster, or of all. */
export async function listTopics(context: ClusterContext, clusterName?: string): Promise<readonly TopicSummary[]> {
  const { nameServers } = context;
  const [names, cluster] = await Promise.all([nameServers.topics(clusterName), nameServers.clusterInfo()]);
  const systemNames = ownTopics(cluster);
  const lists = await Promise.all(masters(cluster, clusterName).map((address) => readSystemTopics(context, address)));
  for (const name of lists.flat()) systemNames.add(name);
  return names
    .map((topic) => ({ topic, kind: topicKind(topic, systemNames) }))
    .sort((a, b) => compare(a.topic, b.topic));
}

/** Every queue of a topic on the brokers of one cluster that hold it, or on all. */
export async function listQueues(
  context: ClusterContext,
  topic: string,
  clusterName?: string,
): Promise<readonly QueueState[]> {
  const route = await context.nameServers.route(topic);
  const parts = { code: RequestCode.GET_TOPIC_STATS_INFO, extFields: encodeFields(topicOnly, { topic }) };
  const answers = await Promise.all(
    inCluster(route.brokers, clusterName)
      .flatMap((broker) => preferredAddress(broker) ?? [])
      .map((address) =>
        callBroker(context, address, parts).catch((error: unknown) => {
          // The route is a moment old: the broker may have lost the topic since.
          if (isResponseCode(error, ResponseCode.TOPIC_NOT_EXIST)) return undefined;
          throw error;
        }),
      ),
  );
  const known = answers.filter((answer) => answer !== undefined);
  if (known.length === 0) throw new CodedError('topic-not-found', { topic });
  return known
    .flatMap(({ body }) => decodeTopicStats(body))
    .map(({ brokerName, queueId, minOffset, maxOffset, lastUpdateTimestamp }) => ({
      topic,
      brokerName,
      queueId,
      minOffset,
      maxOffset,
      lastUpdateMs: lastUpdateTimestamp > 0 ? lastUpdateTimestamp : undefined,
    }))
    .sort((a, b) => compare(a.brokerName, b.brokerName) || a.queueId - b.queueId);
}

/** Consumer groups of the brokers of one cluster, or of all. */
export async function listGroups(context: ClusterContext, clusterName?: string): Promise<readonly GroupSummary[]> {
  const { brokers } = await context.nameServers.clusterInfo();
  const answers = await Promise.all(
    inCluster(brokers, clusterName)
      .flatMap((broker) => preferredAddress(broker) ?? [])
      .map((address) => callBroker(context, address, { code: RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG })),
  );
  const names = new Set(answers.flatMap(({ body }) => [...decodeGroupTable(body).groups.keys()]));
  return [...names].sort(compare).map((group) => ({ group, system: isSystemGroup(group) }));
}

/**
 * Creates the topic, or changes it, on every master of the cluster.
 * @throws CodedError `topic-name-invalid` before anything is asked; `no-broker` when the cluster has no master
 */
export async function createTopic(context: ClusterContext, clusterName: string, spec: TopicSpec): Promise<void> {
  checkTopicName(spec.topic);
  if (isSystemTopic(spec.topic)) throw new CodedError('topic-name-invalid', { topic: spec.topic, reason: 'reserved' });
  const addresses = masters(await context.nameServers.clusterInfo(), clusterName);
  if (addresses.length === 0) throw noBroker(context);
  const extFields = encodeFields(createTopicFields, {
    topic: spec.topic,
    defaultTopic: AUTO_CREATE_TOPIC,
    readQueueNums: spec.readQueueNums,
    writeQueueNums: spec.writeQueueNums,
    perm: spec.perm,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: spec.messageType === 'UNSPECIFIED' ? undefined : `+message.type=${spec.messageType}`,
  });
  await Promise.all(
    addresses.map((address) => callBroker(context, address, { code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields })),
  );
}

/**
 * Deletes the topic from a cluster, on its brokers first: a NameServer that still hears of it from a broker would bring it back.
 * @throws CodedError `topic-not-found`
 */
export async function deleteTopic(context: ClusterContext, clusterName: string, topic: string): Promise<void> {
  const route = await context.nameServers.route(topic);
  const extFields = encodeFields(topicOnly, { topic });
  const addresses = inCluster(route.brokers, clusterName).flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
  if (addresses.length === 0) throw new CodedError('topic-not-found', { topic });
  await Promise.all(
    addresses.map((address) => callBroker(context, address, { code: RequestCode.DELETE_TOPIC_IN_BROKER, extFields })),
  );
  await context.nameServers.deleteTopic(topic, clusterName);
}

function inCluster(brokers: readonly BrokerData[], clusterName: string | undefined): readonly BrokerData[] {
  return clusterName === undefined ? brokers : brokers.filter(({ cluster }) => cluster === clusterName);
}

/** The master, or a slave while there is none. */
export function preferredAddress({ brokerAddrs }: BrokerData): string | undefined {
  return brokerAddrs.get(Math.min(...brokerAddrs.keys()));
}

function masters(cluster: ClusterInfo, clusterName?: string): readonly string[] {
  return cluster.brokers
    .filter((broker) => clusterName === undefined || broker.cluster === clusterName)
    .flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
}

/** A broker that cannot say costs the list nothing: the well-known names are told apart without it. */
async function readSystemTopics(context: ClusterContext, address: string): Promise<readonly string[]> {
  try {
    const answer = await callBroker(context, address, { code: RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER });
    return decodeTopicList(answer.body).topics;
  } catch (error) {
    context.logger.warn(`${address} does not name its system topics: ${errorText(error)}`);
    return [];
  }
}

function callBroker(context: ClusterContext, address: string, parts: RequestParts): Promise<RemotingCommand> {
  return context.pool.call(address, parts, { timeoutMs: context.timeoutMs });
}

function isResponseCode(error: unknown, code: number): boolean {
  return isCodedError(error, 'response-error') && error.details['responseCode'] === code;
}

function noBroker({ nameServers }: ClusterContext): CodedError {
  return new CodedError('no-broker', { nameServers: nameServers.addresses.join(';') });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
