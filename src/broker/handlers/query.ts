import { encodeConsumeQueue } from '../../protocol/bodies/consumeQueue.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import {
  queryConsumeQueue as consumeQueueFields,
  queryMessage as queryFields,
  queryMessageResponse,
  viewMessage as viewFields,
} from '../../protocol/requests/query.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import type { KeyType } from '../store/keyIndex.ts';

/** Entries of a QUERY_CONSUME_QUEUE answer at most; Apache stops at the end of a file of 300 000. Ours. */
const MAX_ENTRIES = 10_000;

/** QUERY_MESSAGE 12. Source: QueryMessageProcessor.java; broker sheet §15. */
export async function queryMessage(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(queryFields, command.extFields);
  const { topic, key, beginTimestamp: begin, endTimestamp: end } = header;
  const isUnique = header._UNIQUE_KEY_QUERY?.toLowerCase() === 'true';
  const type: KeyType = isUnique ? 'U' : header.indexType === 'T' ? 'T' : 'K';
  const { defaultQueryMaxNum, maxMsgsNumBatch } = broker.config;
  const maxMessages = Math.min(isUnique ? defaultQueryMaxNum : header.maxNum, maxMsgsNumBatch);
  const found = await broker.store.query({ topic, key, type, begin, end }, maxMessages);
  const extFields = encodeFields(queryMessageResponse, {
    indexLastUpdateTimestamp: found.indexLastUpdateTimestamp,
    indexLastUpdatePhyoffset: found.indexLastUpdateOffset,
  });
  if (found.records.length > 0) return { code: ResponseCode.SUCCESS, extFields, body: found.records };
  const remark = 'can not find message, maybe time range not correct';
  return { code: ResponseCode.QUERY_NOT_FOUND, extFields, remark };
}

/** VIEW_MESSAGE_BY_ID 33: the record at a commit-log offset, whatever its topic. */
export async function viewMessage(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { offset } = decodeFields(viewFields, command.extFields);
  const record = await broker.store.record(offset);
  if (record !== undefined) return successBody(record);
  return { code: ResponseCode.SYSTEM_ERROR, remark: `can not find message by the offset, ${offset}` };
}

/** QUERY_CONSUME_QUEUE 321: entries of a queue, and how a group subscribed. Source: AdminBrokerProcessor.java. */
export async function queryConsumeQueue(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic, queueId, index, count, consumerGroup } = decodeFields(consumeQueueFields, command.extFields);
  const { store } = broker;
  if (!store.hasQueue(topic, queueId)) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `${queueId}@${topic} is not exist!` };
  }
  const [minQueueIndex, maxQueueIndex] = [store.minOffset(topic, queueId), store.maxOffset(topic, queueId)];
  if (index < minQueueIndex || index >= maxQueueIndex) {
    return { code: ResponseCode.SUCCESS, remark: `Index ${index} of ${queueId}@${topic} is not exist!` };
  }
  const entries = await store.entries(topic, queueId, index, Math.min(Math.max(count, 0), MAX_ENTRIES));
  const subscriber = consumerGroup === undefined ? undefined : subscriberOf(broker, consumerGroup, topic);
  // Java's reply keeps the remark that it was made with.
  const remark = 'not set any response code';
  return {
    code: ResponseCode.SUCCESS,
    remark,
    body: encodeConsumeQueue({ ...subscriber, entries, minQueueIndex, maxQueueIndex }),
  };
}

function subscriberOf(broker: BrokerContext, group: string, topic: string) {
  const known = broker.consumers.get(group);
  const subscription = known?.subscriptions.get(topic);
  if (subscription === undefined) return { filterData: `${group}@${topic} is not online!` };
  const filter = known?.filters.get(topic);
  if (filter === undefined) return { subscription, filterData: 'null' };
  const { expression, expressionType, version: clientVersion } = filter;
  const filterData = JSON.stringify(
    { clientVersion, consumerGroup: group, expression, expressionType, topic },
    null,
    '\t',
  );
  return { subscription, filterData };
}
