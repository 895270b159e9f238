import { readDataVersion, sameDataVersion } from '../../protocol/bodies/dataVersion.ts';
import type { DataVersion } from '../../protocol/bodies/dataVersion.ts';
import { readBody } from '../../protocol/bodies/read.ts';
import { encodeTopicList } from '../../protocol/bodies/route.ts';
import { decodeTopicConfigList, encodeTopicStats, encodeTopicTable, topicConfig } from '../../protocol/bodies/topic.ts';
import type { QueueStats, TopicConfig } from '../../protocol/bodies/topic.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { popRetryTopic } from '../../protocol/popReceipt.ts';
import { createTopic as createFields, topicOnly, topicPage } from '../../protocol/requests/topic.ts';
import { SYSTEM_TOPICS, topicNameProblem } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, invalidTopic, successBody } from '../reply.ts';
import { MAX_QUEUES } from '../state/topics.ts';
import { isSystemTopicOf, systemTopics } from '../systemTopics.ts';
import { alteredAttributes, parseAttributeChanges } from '../topicAttributes.ts';
import type { AttributeChanges } from '../topicAttributes.ts';
import { storeTimeAt } from './offset.ts';

/** UPDATE_AND_CREATE_TOPIC 17. Source: AdminBrokerProcessor.java, updateAndCreateTopic. */
export async function updateTopic(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(createFields, command.extFields);
  const changes = parseAttributeChanges(header.attributes ?? '');
  if (typeof changes === 'string') return { code: ResponseCode.SYSTEM_ERROR, remark: changes };
  const wanted = topicConfig({
    topicName: header.topic,
    readQueueNums: header.readQueueNums,
    writeQueueNums: header.writeQueueNums,
    perm: header.perm,
    topicFilterType: header.topicFilterType,
    topicSysFlag: header.topicSysFlag ?? 0,
    order: header.order,
  });
  return putTopics(broker, [{ wanted, changes }]);
}

/** UPDATE_AND_CREATE_TOPIC_LIST 18: all of them, or none. Attributes bear their sign, as in the text of 17. */
export async function updateTopics(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const topics = decodeTopicConfigList(command.body).map((config) => ({
    wanted: { ...config, attributes: {} },
    changes: new Map(Object.entries(config.attributes)),
  }));
  return putTopics(broker, topics);
}

interface WantedTopic {
  readonly wanted: TopicConfig;
  readonly changes: AttributeChanges;
}

async function putTopics(broker: BrokerContext, topics: readonly WantedTopic[]): Promise<Reply> {
  const configs: TopicConfig[] = [];
  for (const { wanted, changes } of topics) {
    const refusal = topicRefusal(broker, wanted, changes);
    if (refusal !== undefined) return refusal;
    const attributes = alteredAttributes(broker.topics.get(wanted.topicName)?.attributes, changes);
    if (typeof attributes === 'string') return { code: ResponseCode.SYSTEM_ERROR, remark: attributes };
    configs.push({ ...wanted, attributes });
  }
  const changed = configs.filter(
    (config) => stringifyFastjson(broker.topics.get(config.topicName)) !== stringifyFastjson(config),
  );
  for (const config of changed) {
    const isNew = broker.topics.get(config.topicName) === undefined;
    broker.topics.put(config);
    broker.logger.info(`topic ${config.topicName} ${isNew ? 'created' : 'updated'}`);
  }
  if (changed.length === 0) return SUCCESS;
  await broker.topics.saved();
  await broker.registration.announce(changed.map((config) => config.topicName));
  return SUCCESS;
}

function topicRefusal(broker: BrokerContext, wanted: TopicConfig, changes: AttributeChanges): Reply | undefined {
  const { topicName, readQueueNums, writeQueueNums } = wanted;
  const problem = topicNameProblem(topicName);
  if (problem !== undefined) return invalidTopic(topicName, problem);
  const reserved = systemTopicRefusal(broker, topicName);
  if (reserved !== undefined) return reserved;
  if (Math.max(readQueueNums, writeQueueNums) > MAX_QUEUES) {
    const remark = `readQueueNums and writeQueueNums may be at most ${MAX_QUEUES}, not ${readQueueNums} and ${writeQueueNums}`;
    return { code: ResponseCode.INVALID_PARAMETER, remark };
  }
  if (!broker.config.enableMixedMessageType && changes.get('+message.type') === 'MIXED') {
    return { code: ResponseCode.INVALID_PARAMETER, remark: 'MIXED message type is not supported.' };
  }
  return undefined;
}

/**
 * DELETE_TOPIC_IN_BROKER 215: its settings, queues and offsets, and those of the retry topics that POP made for it;
 * what was stored stays in the log until cleaned.
 */
export async function deleteTopic(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic } = decodeFields(topicOnly, command.extFields);
  if (topic.trim() === '') return invalidTopic(topic, 'blank');
  const reserved = systemTopicRefusal(broker, topic);
  if (reserved !== undefined) return reserved;
  const retryTopics = broker.config.clearRetryTopicWhenDeleteTopic ? popRetryTopicsOf(broker, topic) : [];
  for (const name of [topic, ...retryTopics]) await forgetTopic(broker, name);
  await broker.topics.saved();
  await broker.registration.announce();
  return SUCCESS;
}

async function forgetTopic(broker: BrokerContext, topic: string): Promise<void> {
  if (broker.topics.delete(topic)) broker.logger.info(`topic ${topic} deleted`);
  broker.offsets.deleteTopic(topic);
  broker.statistics.topicDeleted(topic);
  broker.timers?.forget(topic);
  broker.pops.forget(topic);
  await broker.lite?.forget(topic);
  await broker.store.deleteTopic(topic);
}

/** In both of their forms. */
function popRetryTopicsOf(broker: BrokerContext, topic: string): string[] {
  return broker.offsets
    .groupsOf(topic)
    .flatMap((group) => [popRetryTopic(topic, group, '1'), popRetryTopic(topic, group, '2')])
    .filter((name) => broker.topics.get(name) !== undefined);
}

/**
 * GET_ALL_TOPIC_CONFIG 21: all, or for readers that name one a page in order of names; from the first again when the
 * table changed since the page before. Source: TopicConfigManager.java, subTopicConfigTable.
 */
export function getAllTopics(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { topicSeq, maxTopicNum, dataVersion } = decodeFields(topicPage, command.extFields);
  const takesPages = [topicSeq, maxTopicNum, dataVersion].some((field) => field !== undefined);
  const table = broker.topics.table();
  let names: Iterable<string> | undefined;
  if (takesPages && broker.config.enableSplitMetadata) {
    const isSame = isVersion(dataVersion ?? '', table.dataVersion);
    const begin = isSame ? Math.max(0, topicSeq ?? 0) : 0;
    const count = Math.max(0, Math.min(maxTopicNum ?? Infinity, broker.config.splitMetadataSize));
    names = [...broker.topics.names()].sort().slice(begin, begin + count);
  }
  return {
    code: ResponseCode.SUCCESS,
    extFields: { totalTopicNum: String(broker.topics.size) },
    body: encodeTopicTable(names === undefined ? table : broker.topics.table(names)),
  };
}

function isVersion(text: string, version: DataVersion | undefined): boolean {
  return text.trim() !== '' && sameDataVersion(readDataVersion(readBody(Buffer.from(text))), version);
}

/** GET_TOPIC_CONFIG 351. */
export function getTopicConfig(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { topic } = decodeFields(topicOnly, command.extFields);
  const config = broker.topics.get(topic);
  if (config !== undefined) return successBody(Buffer.from(stringifyFastjson(config)));
  return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `No topic in this broker. topic: ${topic}` };
}

/** GET_TOPIC_STATS_INFO 202: each queue's offsets and the time of its last message. */
export async function getTopicStats(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic } = decodeFields(topicOnly, command.extFields);
  const config = broker.topics.get(topic);
  if (config === undefined) return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `topic[${topic}] not exist` };
  return successBody(encodeTopicStats(await queueStats(broker, config), broker.statistics.topicPutTps(topic)));
}

/** GET_SYSTEM_TOPIC_LIST_FROM_BROKER 305. */
export function getSystemTopics(broker: BrokerContext): Reply {
  const ofBroker = systemTopics(broker.config).map((config) => config.topicName);
  const topics = [...new Set([...SYSTEM_TOPICS, ...ofBroker])];
  return successBody(encodeTopicList({ topics, brokerAddr: undefined }));
}

async function queueStats(broker: BrokerContext, config: TopicConfig): Promise<QueueStats[]> {
  const { store } = broker;
  const topic = config.topicName;
  const queueCount = Math.max(config.readQueueNums, config.writeQueueNums);
  return Promise.all(
    Array.from({ length: queueCount }, async (_, queueId) => {
      const maxOffset = store.maxOffset(topic, queueId);
      return {
        topic,
        brokerName: broker.config.brokerName,
        queueId,
        minOffset: store.minOffset(topic, queueId),
        maxOffset,
        lastUpdateTimestamp: (await storeTimeAt(broker, topic, queueId, maxOffset - 1)) ?? 0,
      };
    }),
  );
}

function systemTopicRefusal(broker: BrokerContext, topic: string): Reply | undefined {
  if (!broker.config.validateSystemTopicWhenUpdateTopic || !isSystemTopicOf(broker.config, topic)) return undefined;
  return { code: ResponseCode.INVALID_PARAMETER, remark: `The topic[${topic}] is conflict with system topic.` };
}
