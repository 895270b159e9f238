import { decodeBatchAck } from '../../protocol/bodies/pop.ts';
import type { BatchAck } from '../../protocol/bodies/pop.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { heldTopic, parsePopReceipt } from '../../protocol/popReceipt.ts';
import {
  ackMessage as ackFields,
  changeInvisibleTime as changeFields,
  changeInvisibleTimeResponse,
} from '../../protocol/requests/pop.ts';
import type { AckMessage } from '../../protocol/requests/pop.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { ackMessages } from '../pop/ackMessages.ts';
import type { AckProblem, PoppedMessages } from '../pop/ackMessages.ts';
import { changeInvisibleTime } from '../pop/changeInvisibleTime.ts';
import { storeRefusal } from '../putMessage.ts';
import { SUCCESS } from '../reply.ts';
import { settledSince } from '../settled.ts';
import { checkPoppedQueue, checkReviveQueue } from './popCheck.ts';

/** ACK_MESSAGE 200051. Source: AckMessageProcessor.java; broker sheet §12.4. */
export async function ackMessage(broker: BrokerContext, { command, connection }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(ackFields, command.extFields);
  const { topic, queueId, offset } = header;
  const refusal = checkPoppedQueue(broker, header, connection);
  if (refusal !== undefined) return refusal;
  const [min, max] = [broker.store.minOffset(topic, queueId), broker.store.maxOffset(topic, queueId)];
  if (offset < min || offset > max) {
    const remark = `offset is illegal, key:${topic}@${queueId}, commit:${offset}, store:${min}~${max}`;
    return { code: ResponseCode.NO_MESSAGE, remark };
  }
  const before = broker.store.reservedOffset;
  const reply = await acknowledge(broker, poppedMessages(header), [offset], connection.remoteAddress);
  if (reply.code === ResponseCode.SUCCESS) await settledSince(broker, before);
  return reply;
}

/**
 * BATCH_ACK_MESSAGE 200151; queues that are not there, and offsets outside the others, are passed over. All of them wait
 * together for disk and slaves: one after the other they would outlast the patience of the client.
 */
export async function batchAckMessage(broker: BrokerContext, { command, connection }: IncomingRequest): Promise<Reply> {
  const { acks, brokerName } = decodeBatchAck(command.body);
  if (acks.length === 0) return { code: ResponseCode.NO_MESSAGE };
  const before = broker.store.reservedOffset;
  const outcomes: Promise<Reply>[] = [];
  for (const ack of acks) {
    const messages = messagesOf(ack, brokerName);
    if (checkPoppedQueue(broker, messages, connection) !== undefined) continue;
    const { topic, queueId } = messages;
    const [min, max] = [broker.store.minOffset(topic, queueId), broker.store.maxOffset(topic, queueId)];
    const offsets = ack.offsets.filter((offset) => offset >= min && offset <= max);
    if (offsets.length > 0) outcomes.push(acknowledge(broker, messages, offsets, connection.remoteAddress));
  }
  const replies = await Promise.all(outcomes);
  const refused = replies.filter(({ code }) => code !== ResponseCode.SUCCESS);
  if (refused.length < replies.length) await settledSince(broker, before);
  return refused.at(-1) ?? SUCCESS;
}

/** CHANGE_MESSAGE_INVISIBLETIME 200053. Source: ChangeInvisibleTimeProcessor.java; broker sheet §12.4. */
export async function changeMessageInvisibleTime(
  broker: BrokerContext,
  { command, connection }: IncomingRequest,
): Promise<Reply> {
  const header = decodeFields(changeFields, command.extFields);
  const { topic, queueId, offset, invisibleTime } = header;
  const messages = poppedMessages(header);
  const refusal = checkPoppedQueue(broker, header, connection) ?? checkReviveQueue(broker, messages.reviveQueueId);
  if (refusal !== undefined) return { ...refusal, extFields: EMPTY_FIELDS };
  if (offset < broker.store.minOffset(topic, queueId) || offset >= broker.store.maxOffset(topic, queueId)) {
    return { code: ResponseCode.NO_MESSAGE, extFields: EMPTY_FIELDS };
  }
  const before = broker.store.reservedOffset;
  try {
    const suspend = header.suspend === true;
    const changed = await changeInvisibleTime(broker, messages, { offset, invisibleTimeMs: invisibleTime, suspend });
    await settledSince(broker, before);
    if (changed === undefined) return { code: ResponseCode.SUCCESS, extFields: EMPTY_FIELDS };
    const reviveQid = messages.reviveQueueId;
    return {
      code: ResponseCode.SUCCESS,
      extFields: encodeFields(changeInvisibleTimeResponse, { ...changed, reviveQid }),
    };
  } catch (error) {
    const refused = storeRefusal(broker, error);
    if (refused === undefined) throw error;
    // Apache's broker gives no reason; that of a slave would not be its own.
    const remark = broker.replication.isSlave ? undefined : refused.remark;
    return { code: ResponseCode.SYSTEM_ERROR, remark, extFields: EMPTY_FIELDS };
  }
}

const EMPTY_FIELDS = encodeFields(changeInvisibleTimeResponse, { popTime: 0, invisibleTime: 0, reviveQid: 0 });

/** Apache's broker answers 0 also when it could not write the acknowledgement; here the client learns of it. */
async function acknowledge(
  broker: BrokerContext,
  messages: PoppedMessages,
  offsets: readonly number[],
  client: string,
): Promise<Reply> {
  const refusal = checkReviveQueue(broker, messages.reviveQueueId);
  if (refusal !== undefined) return refusal;
  try {
    const problem = await ackMessages(broker, messages, offsets);
    return problem === undefined ? SUCCESS : notGivenOut(messages, problem, client);
  } catch (error) {
    const refused = storeRefusal(broker, error);
    if (refused === undefined) throw error;
    return refused;
  }
}

function notGivenOut({ topic, group, queueId }: PoppedMessages, problem: AckProblem, client: string): Reply {
  const { oldOffset, offset } = problem;
  return {
    code: ResponseCode.MESSAGE_ILLEGAL,
    remark: `offset is illegal, key:${topic}@${group}@${queueId}, old:${oldOffset}, commit:${offset}, next:-1, /${client}`,
  };
}

/** @throws CodedError `header-illegal` */
function poppedMessages({ topic, consumerGroup: group, queueId, extraInfo }: AckMessage): PoppedMessages {
  const { startOffset, popTime, invisibleTime, reviveQueueId, brokerName } = parsePopReceipt(extraInfo);
  return { topic, group, queueId, startOffset, popTime, invisibleTime, reviveQueueId, brokerName };
}

function messagesOf(ack: BatchAck, brokerName: string): PoppedMessages {
  const { topic, group, retry, queueId, startOffset, popTime, invisibleTime, reviveQueueId } = ack;
  const held = heldTopic(topic, group, retry);
  return { topic: held, group, queueId, startOffset, popTime, invisibleTime, reviveQueueId, brokerName };
}
