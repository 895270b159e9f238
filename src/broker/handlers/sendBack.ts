import { isCodedError } from '../../base/errors.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { sendMessageBack } from '../../protocol/requests/send.ts';
import { deadLetterTopic, retryTopic } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { putMessage, storeRefusal } from '../putMessage.ts';
import { FAQ_HINT, SUCCESS } from '../reply.ts';
import { retryLimit } from './retryTarget.ts';

/** Level of the first redelivery: 10 s. */
const FIRST_RETRY_LEVEL = 3;

/**
 * CONSUMER_SEND_MSG_BACK 36: a message that a consumer could not process goes to the group's retry topic, later
 * each time, and at last to its dead-letter topic. Source: AbstractSendMessageProcessor.java; broker sheet §9.1.
 */
export function sendBack(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { maxReconsumeTimes, ...message } = decodeFields(sendMessageBack, command.extFields);
  const ofGroup = broker.groups.find(message.group)?.retryMaxTimes ?? 0;
  return putBack(broker, { ...message, limit: retryLimit(command.version, maxReconsumeTimes, ofGroup) });
}

interface MessageBack {
  readonly group: string;
  /** In the log. */
  readonly offset: number;
  /** 0 is later each time, and below it the message goes to the dead letters. */
  readonly delayLevel: number;
  /** How often it is redelivered. */
  readonly limit: number;
  /** What a dead letter says of the message that it was. */
  readonly origin?: { readonly topic: string; readonly messageId: string };
}

/** Puts a message into the group's retry topic, or its dead letters. */
export async function putBack(broker: BrokerContext, back: MessageBack): Promise<Reply> {
  const { group, offset, delayLevel, limit, origin } = back;
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
  const newTopics: string[] = [];
  try {
    const retries = ensureTopic(broker, retryTopic(group), settings.retryQueueNums, newTopics);
    if ((retries.perm & Perm.WRITE) === 0) {
      return {
        code: ResponseCode.NO_PERMISSION,
        remark: `the topic[${retries.topicName}] sending message is forbidden`,
      };
    }
    const record = await broker.store.record(offset);
    if (record === undefined) {
      return { code: ResponseCode.SYSTEM_ERROR, remark: `look message by offset failed, ${offset}` };
    }
    const message = decodeMessage(record);
    const isDead = message.reconsumeTimes >= limit || delayLevel < 0;
    if (isDead) ensureTopic(broker, deadLetterTopic(group), 1, newTopics);
    const level = delayLevel > 0 ? delayLevel : FIRST_RETRY_LEVEL + message.reconsumeTimes;
    const properties = retryProperties(message, isDead ? 0 : level);
    if (isDead && origin !== undefined) {
      properties.set(PropertyName.DEAD_LETTER_TOPIC, origin.topic);
      properties.set(PropertyName.DEAD_LETTER_MESSAGE_ID, origin.messageId);
    }
    putMessage(broker, {
      ...message,
      topic: isDead ? deadLetterTopic(group) : retryTopic(group),
      queueId: isDead ? 0 : Math.floor(Math.random() * settings.retryQueueNums),
      storeHost: broker.storeHost,
      reconsumeTimes: message.reconsumeTimes + 1,
      preparedTransactionOffset: 0,
      properties: encodeProperties(properties),
    });
    broker.statistics.sentBack(properties.get(PropertyName.RETRY_TOPIC) ?? message.topic, group);
  } catch (error) {
    if (storeRefusal(broker, error) === undefined) throw error;
    return { code: ResponseCode.SYSTEM_ERROR, remark: putStatus(error) };
  } finally {
    if (newTopics.length > 0) await broker.registration.announce(newTopics);
  }
  // The consumer forgets it then. Apache's broker waits for neither disk nor slaves, since it says WAIT=false itself.
  await broker.store.flushed();
  return SUCCESS;
}

function ensureTopic(broker: BrokerContext, topic: string, queueNums: number, newTopics: string[]): TopicConfig {
  const { config, changed } = broker.topics.ensure(topic, queueNums);
  if (changed) newTopics.push(topic);
  return config;
}

function retryProperties(message: StoredMessage, level: number): Map<string, string> {
  const properties = decodeProperties(message.properties);
  if (!properties.has(PropertyName.RETRY_TOPIC)) properties.set(PropertyName.RETRY_TOPIC, message.topic);
  if (!properties.has(PropertyName.ORIGIN_MESSAGE_ID)) {
    properties.set(PropertyName.ORIGIN_MESSAGE_ID, offsetMessageId(message.storeHost, message.physicalOffset));
  }
  properties.set(PropertyName.WAIT, 'false');
  properties.set(PropertyName.DELAY, String(level));
  return properties;
}

/** The name of what the store said. Source: PutMessageStatus.java. */
function putStatus(error: unknown): string {
  if (isCodedError(error, 'store-full')) return 'SERVICE_NOT_AVAILABLE';
  return isCodedError(error, 'properties-too-large') ? 'PROPERTIES_SIZE_EXCEEDED' : 'MESSAGE_ILLEGAL';
}
