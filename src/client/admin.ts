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
import type {
  BrokerDetail,
  BrokerNode,
  GroupSummary,
  Listing,
  QueueState,
  TopicSpec,
  TopicSummary,
  Unanswered,
} from './model.ts';
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

/**
 * Every queue of a topic on the brokers of one cluster that hold it, or on all.
 * @throws CodedError `topic-not-found`; of the first broker when none answers
 */
export async function listQueues(
  context: ClusterContext,
  topic: string,
  clusterName?: string,
): Promise<Listing<QueueState>> {
  const route = await context.nameServers.route(topic);
  const parts = { code: RequestCode.GET_TOPIC_STATS_INFO, extFields: encodeFields(topicOnly, { topic }) };
  const addresses = inCluster(route.brokers, clusterName).flatMap((broker) => preferredAddress(broker) ?? []);
  const { done, failed } = await askEach(context, addresses, parts);
  // The route is a moment old: a broker may have lost the topic since.
  const unanswered = failed.filter(({ error }) => !isResponseCode(error, ResponseCode.TOPIC_NOT_EXIST));
  if (done.length === 0 && unanswered[0] !== undefined) throw unanswered[0].error;
  if (done.length === 0) throw new CodedError('topic-not-found', { topic });
  const items = done
    .flatMap(({ answer }) => decodeTopicStats(answer.body))
    .map(({ brokerName, queueId, minOffset, maxOffset, lastUpdateTimestamp }) => ({
      topic,
      brokerName,
      queueId,
      minOffset,
      maxOffset,
      lastUpdateMs: lastUpdateTimestamp > 0 ? lastUpdateTimestamp : undefined,
    }))
    .sort((a, b) => compare(a.brokerName, b.brokerName) || a.queueId - b.queueId);
  return { items, unanswered };
}

/**
 * Consumer groups of the brokers of one cluster, or of all.
 * @throws CodedError of the first broker when none answers
 */
export async function listGroups(context: ClusterContext, clusterName?: string): Promise<Listing<GroupSummary>> {
  const { brokers } = await context.nameServers.clusterInfo();
  const addresses = inCluster(brokers, clusterName).flatMap((broker) => preferredAddress(broker) ?? []);
  const { done, failed } = await askEach(context, addresses, { code: RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG });
  if (done.length === 0 && failed[0] !== undefined) throw failed[0].error;
  const names = new Set(done.flatMap(({ answer }) => [...decodeGroupTable(answer.body).groups.keys()]));
  const items = [...names].sort(compare).map((group) => ({ group, system: isSystemGroup(group) }));
  return { items, unanswered: failed };
}

/**
 * Creates the topic, or changes it, on every master of the cluster.
 * @throws CodedError `topic-name-invalid` before anything is asked; `no-broker` when the cluster has no master;
 * `partly-done` when some masters did it and some failed
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
  await changeEach(context, addresses, { code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields });
}

/**
 * Deletes the topic from a cluster, on its brokers first: a NameServer that still hears of it from a broker would bring it back.
 * @throws CodedError `topic-not-found`; `partly-done` when some brokers did it and some failed
 */
export async function deleteTopic(context: ClusterContext, clusterName: string, topic: string): Promise<void> {
  const route = await context.nameServers.route(topic);
  const extFields = encodeFields(topicOnly, { topic });
  const addresses = inCluster(route.brokers, clusterName).flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
  if (addresses.length === 0) throw new CodedError('topic-not-found', { topic });
  await changeEach(context, addresses, { code: RequestCode.DELETE_TOPIC_IN_BROKER, extFields });
  await context.nameServers.deleteTopic(topic, clusterName);
}

export function inCluster(brokers: readonly BrokerData[], clusterName: string | undefined): readonly BrokerData[] {
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

interface Outcomes {
  readonly done: readonly { readonly address: string; readonly answer: RemotingCommand }[];
  readonly failed: readonly Unanswered[];
}

/** Asks all at once; one that fails costs the others nothing. */
export async function askEach(
  context: ClusterContext,
  addresses: readonly string[],
  parts: RequestParts,
): Promise<Outcomes> {
  const outcomes = await Promise.allSettled(addresses.map((address) => callBroker(context, address, parts)));
  const done: { address: string; answer: RemotingCommand }[] = [];
  const failed: Unanswered[] = [];
  for (const [index, address] of addresses.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === 'fulfilled') done.push({ address, answer: outcome.value });
    else failed.push({ address, error: outcome?.reason });
  }
  return { done, failed };
}

/** @throws CodedError of the first broker when all fail, `partly-done` when some do */
async function changeEach(context: ClusterContext, addresses: readonly string[], parts: RequestParts): Promise<void> {
  const { done, failed } = await askEach(context, addresses, parts);
  const [first] = failed;
  if (first === undefined) return;
  if (done.length === 0) throw first.error;
  for (const { address, error } of failed) context.logger.warn(`${address} failed: ${errorText(error)}`);
  const names = (list: readonly { readonly address: string }[]): string =>
    list.map(({ address }) => address).join(', ');
  throw new CodedError('partly-done', { done: names(done), failed: names(failed) }, { cause: first.error });
}

function callBroker(context: ClusterContext, address: string, parts: RequestParts): Promise<RemotingCommand> {
  return context.pool.call(address, parts, { timeoutMs: context.timeoutMs });
}

export function isResponseCode(error: unknown, code: number): boolean {
  return isCodedError(error, 'response-error') && error.details['responseCode'] === code;
}

function noBroker({ nameServers }: ClusterContext): CodedError {
  return new CodedError('no-broker', { nameServers: nameServers.addresses.join(';') });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
