import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { decodeMessage } from '../../protocol/message.ts';
import {
  offsetResponse,
  queryConsumerOffset as queryFields,
  queuePosition,
  searchOffset as searchFields,
  timestampResponse,
  updateConsumerOffset as updateFields,
} from '../../protocol/requests/offset.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, success } from '../reply.ts';

/**
 * QUERY_CONSUMER_OFFSET 14. A group without an offset begins at 0 where the queue still begins there, whatever its
 * ConsumeFromWhere. Source: ConsumerManageProcessor.java; broker sheet §8.
 */
export function queryConsumerOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup, topic, queueId, setZeroIfNotFound } = decodeFields(queryFields, command.extFields);
  const known = broker.offsets.committed(consumerGroup, topic, queueId);
  if (known !== undefined) return success(encodeFields(offsetResponse, { offset: known }));
  const { store } = broker;
  const beginsAtZero = store.minOffset(topic, queueId) <= 0 && store.maxOffset(topic, queueId) > 0;
  if (setZeroIfNotFound === false) return notFound('do not set to zero, maybe this group boot first');
  if (!beginsAtZero) return notFound('V3_0_6_SNAPSHOT maybe this group consumer boot first');
  return success(encodeFields(offsetResponse, { offset: 0 }));
}

function notFound(why: string): Reply {
  return { code: ResponseCode.QUERY_NOT_FOUND, remark: `Not found, ${why}` };
}

/** UPDATE_CONSUMER_OFFSET 15; what a client commits while a reset waits for its next pull counts no more. */
export function updateConsumerOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup, topic, queueId, commitOffset } = decodeFields(updateFields, command.extFields);
  if (!broker.groups.has(consumerGroup)) {
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `Group ${consumerGroup} not exist!` };
  }
  if (broker.topics.get(topic) === undefined) {
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `Topic ${topic} not exist!` };
  }
  if (queueId === undefined) return missing('QueueId', topic);
  if (commitOffset === undefined) return missing('Offset', topic);
  if (broker.offsets.isReset(consumerGroup, topic, queueId)) {
    return { code: ResponseCode.SUCCESS, remark: 'Offset has been previously reset' };
  }
  broker.offsets.commit(consumerGroup, topic, queueId, commitOffset);
  return SUCCESS;
}

function missing(what: string, topic: string): Reply {
  return { code: ResponseCode.INVALID_PARAMETER, remark: `${what} is null, topic is ${topic}` };
}

/** SEARCH_OFFSET_BY_TIMESTAMP 29. */
export async function searchOffset(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic, queueId, timestamp, boundaryType } = decodeFields(searchFields, command.extFields);
  const boundary = boundaryType?.toLowerCase() === 'upper' ? 'upper' : 'lower';
  const offset = await broker.store.offsetByTime(topic, queueId, timestamp, boundary);
  return success(encodeFields(offsetResponse, { offset }));
}

/** GET_MAX_OFFSET 30. */
export function getMaxOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { topic, queueId } = decodeFields(queuePosition, command.extFields);
  return success(encodeFields(offsetResponse, { offset: broker.store.maxOffset(topic, queueId) }));
}

/** GET_MIN_OFFSET 31. */
export function getMinOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { topic, queueId } = decodeFields(queuePosition, command.extFields);
  return success(encodeFields(offsetResponse, { offset: broker.store.minOffset(topic, queueId) }));
}

/** GET_EARLIEST_MSG_STORETIME 32; -1 for a queue without messages. */
export async function getEarliestStoreTime(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic, queueId } = decodeFields(queuePosition, command.extFields);
  const timestamp = (await storeTimeAt(broker, topic, queueId, broker.store.minOffset(topic, queueId))) ?? -1;
  return success(encodeFields(timestampResponse, { timestamp }));
}

/** When the message at an offset of a queue was stored; undefined when there is none. */
export async function storeTimeAt(
  { store }: BrokerContext,
  topic: string,
  queueId: number,
  offset: number,
): Promise<number | undefined> {
  if (offset < 0) return undefined;
  const entry = await store.entry(topic, queueId, offset);
  const record = entry && (await store.record(entry.physicalOffset));
  return record && decodeMessage(record).storeTimestamp;
}
