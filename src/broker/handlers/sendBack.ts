import { Perm } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { sendMessageBack } from '../../protocol/requests/send.ts';
import { deadLetterTopic, retryTopic } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { putMessage, storeRefusal } from '../putMessage.ts';
import { FAQ_HINT, SUCCESS } from '../reply.ts';

/** Level of the first redelivery: 10 s. */
const FIRST_RETRY_LEVEL = 3;

/**
 * CONSUMER_SEND_MSG_BACK 36: a message that a consumer could not process goes to the group's retry topic, later
 * each time, and at last to its dead-letter topic. Source: AbstractSendMessageProcessor.java; broker sheet §9.1.
 */
export async function sendBack(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { group, offset, delayLevel, maxReconsumeTimes } = decodeFields(sendMessageBack, command.extFields);
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: `subscription group not exist, ${group} ${FAQ_HINT}`,
    };
  }
  if ((broker.config.brokerPermission & Perm.WRITE) === 0) {
    return {
      code: ResponseCode.NO_PERMISSION,
      remark: `the broker[${broker.config.brokerIP1}] sending message is forbidden`,
    };
  }
  if (settings.retryQueueNums <= 0) return SUCCESS;
  const record = await broker.store.record(offset);
  if (record === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `look message by offset failed, ${offset}` };
  }
  const message = decodeMessage(record);
  const properties = decodeProperties(message.properties);
  if (!properties.has(PropertyName.RETRY_TOPIC)) properties.set(PropertyName.RETRY_TOPIC, message.topic);
  if (!properties.has(PropertyName.ORIGIN_MESSAGE_ID)) {
    properties.set(PropertyName.ORIGIN_MESSAGE_ID, offsetMessageId(message.storeHost, message.physicalOffset));
  }
  properties.set(PropertyName.WAIT, 'false');
  const isDead = message.reconsumeTimes >= (maxReconsumeTimes ?? settings.retryMaxTimes) || delayLevel < 0;
  const level = delayLevel > 0 ? delayLevel : FIRST_RETRY_LEVEL + message.reconsumeTimes;
  properties.set(PropertyName.DELAY, String(isDead ? 0 : level));
  const topic = isDead ? deadLetterTopic(group) : retryTopic(group);
  const { changed } = broker.topics.ensure(topic, isDead ? 1 : settings.retryQueueNums);
  const announced = changed ? broker.registration.announce([topic]) : undefined;
  try {
    putMessage(broker, {
      ...message,
      topic,
      queueId: isDead ? 0 : Math.floor(Math.random() * settings.retryQueueNums),
      storeHost: broker.storeHost,
      reconsumeTimes: message.reconsumeTimes + 1,
      preparedTransactionOffset: 0,
      properties: encodeProperties(properties),
    });
    broker.statistics.sentBack(properties.get(PropertyName.RETRY_TOPIC) ?? message.topic, group);
  } catch (error) {
    const refusal = storeRefusal(broker, error);
    if (refusal === undefined) throw error;
    return { ...refusal, code: ResponseCode.SYSTEM_ERROR };
  } finally {
    await announced;
  }
  return SUCCESS;
}
