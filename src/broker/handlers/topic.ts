import { encodeTopicList } from '../../protocol/bodies/route.ts';
import { encodeTopicStats, encodeTopicTable, topicConfig } from '../../protocol/bodies/topic.ts';
import type { QueueStats, TopicConfig } from '../../protocol/bodies/topic.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { createTopic as createFields, topicOnly } from '../../protocol/requests/topic.ts';
import { topicNameProblem } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, invalidTopic, successBody } from '../reply.ts';
import { MAX_QUEUES } from '../state/topics.ts';
import { isSystemTopicOf, systemTopics } from '../systemTopics.ts';
import { storeTimeAt } from './offset.ts';

/** What `attributes` of a topic may hold. Source: TopicAttributes.java; broker sheet §2.3. */
const ATTRIBUTES: Readonly<Record<string, readonly string[] | undefined>> = {
  'message.type': ['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED'],
  'queue.type': ['SimpleCQ'],
  'cleanup.policy': ['DELETE'],
  'reserve.time': undefined,
};

/** UPDATE_AND_CREATE_TOPIC 17. Source: AdminBrokerProcessor.java, updateAndCreateTopic. */
export async function updateTopic(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(createFields, command.extFields);
  const { topic } = header;
  const refusal = nameRefusal(broker, topic);
  if (refusal !== undefined) return refusal;
  if (![header.readQueueNums, header.writeQueueNums].every((count) => count >= 0 && count <= MAX_QUEUES)) {
    const remark = `readQueueNums and writeQueueNums must be from 0 to ${MAX_QUEUES}, not ${header.readQueueNums} and ${header.writeQueueNums}`;
    return { code: ResponseCode.INVALID_PARAMETER, remark };
  }
  const known = broker.topics.get(topic);
  const attributes = alteredAttributes(known?.attributes ?? {}, header.attributes ?? '');
  if (typeof attributes === 'string') return { code: ResponseCode.SYSTEM_ERROR, remark: attributes };
  const config = topicConfig({
    topicName: topic,
    readQueueNums: header.readQueueNums,
    writeQueueNums: header.writeQueueNums,
    perm: header.perm,
    topicFilterType: header.topicFilterType,
    topicSysFlag: header.topicSysFlag ?? 0,
    order: header.order,
    attributes,
  });
  if (known !== undefined && stringifyFastjson(known) === stringifyFastjson(config)) return SUCCESS;
  broker.topics.put(config);
  broker.logger.info(`topic ${topic} ${known === undefined ? 'created' : 'updated'}`);
  await broker.registration.announce([topic]);
  return SUCCESS;
}

/** DELETE_TOPIC_IN_BROKER 215: its settings, queues and offsets; what was stored stays in the log until cleaned. */
export async function deleteTopic(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic } = decodeFields(topicOnly, command.extFields);
  const refusal = nameRefusal(broker, topic);
  if (refusal !== undefined) return refusal;
  const known = broker.topics.delete(topic);
  broker.offsets.deleteTopic(topic);
  broker.statistics.topicDeleted(topic);
  await broker.store.deleteTopic(topic);
  if (known) {
    broker.logger.info(`topic ${topic} deleted`);
    await broker.registration.announce();
  }
  return SUCCESS;
}

/** GET_ALL_TOPIC_CONFIG 21: everything at once, also to readers that could take pages. */
export function getAllTopics(broker: BrokerContext): Reply {
  return {
    code: ResponseCode.SUCCESS,
    extFields: { totalTopicNum: String(broker.topics.size) },
    body: encodeTopicTable(broker.topics.table()),
  };
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
  const topics = systemTopics(broker.config).map((config) => config.topicName);
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

function nameRefusal(broker: BrokerContext, topic: string): Reply | undefined {
  const problem = topicNameProblem(topic);
  if (problem !== undefined) return invalidTopic(topic, problem);
  if (!isSystemTopicOf(broker.config, topic)) return undefined;
  return { code: ResponseCode.INVALID_PARAMETER, remark: `The topic[${topic}] is conflict with system topic.` };
}

/**
 * `+key=value` adds or alters, `-key` deletes.
 * @returns the attributes after that, or a remark when the text asks for something unknown
 */
function alteredAttributes(known: Readonly<Record<string, string>>, text: string): Record<string, string> | string {
  const altered = new Map(Object.entries(known));
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const [, sign, key = '', value] = /^([+-])([^=]*)(?:=(.*))?$/.exec(part) ?? [];
    if (sign === undefined || (sign === '+') !== (value !== undefined))
      return `the attribute string "${part}" is wrong`;
    if (!Object.hasOwn(ATTRIBUTES, key)) return `unsupported key: ${key}`;
    if (value === undefined) {
      altered.delete(key);
    } else {
      if (ATTRIBUTES[key]?.includes(value) === false) return `value is not in set: ${value}`;
      altered.set(key, value);
    }
  }
  return Object.fromEntries(altered);
}
