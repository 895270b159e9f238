import { Perm } from '../../protocol/bodies/route.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { decodeBatch } from '../../protocol/batch.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { parseHostAddress } from '../../protocol/hostAddress.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, encodeProperties, propertyOf } from '../../protocol/messageProperty.ts';
import { expandLetters, sendMessage as sendFields } from '../../protocol/requests/send.ts';
import type { SendMessage } from '../../protocol/requests/send.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import {
  MAX_TOPIC_LENGTH,
  RETRY_PREFIX,
  SEND_FORBIDDEN_TOPICS,
  deadLetterTopic,
  topicNameProblem,
} from '../../protocol/topicName.ts';
import type { NameProblem } from '../../protocol/topicName.ts';
import type { Connection, IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { illegalMessage, putMessage, storeRefusal } from '../putMessage.ts';
import { FAQ_HINT } from '../reply.ts';
import type { MessageToStore, StoredAt } from '../store/messageStore.ts';

/** From this release on a client's own limit of redeliveries counts. */
const KNOWS_MAX_RECONSUME_TIMES = 121;
const TRANSACTION_STATES = SysFlag.TRANSACTION_MASK;

/**
 * SEND_MESSAGE 10, SEND_MESSAGE_V2 310 and SEND_BATCH_MESSAGE 320. The checks come in the order of
 * SendMessageProcessor.java; broker sheet §5. A message to a topic that exists is answered without a promise.
 */
export function sendMessage(broker: BrokerContext, request: IncomingRequest): Reply | Promise<Reply> {
  const { command, connection } = request;
  const extFields = command.code === RequestCode.SEND_MESSAGE ? command.extFields : expandLetters(command.extFields);
  const header = decodeFields(sendFields, extFields);
  const isBatch = command.code === RequestCode.SEND_BATCH_MESSAGE || header.batch === true;
  const stamps = { MSG_REGION: broker.config.regionId, TRACE_ON: String(broker.config.traceOn) };
  const refusal = refusalOf(broker, header, isBatch, command.body);
  if (refusal !== undefined) return { ...refusal, extFields: stamps };

  let config = broker.topics.get(header.topic);
  const isNewTopic = config === undefined;
  config ??= broker.topics.createOnSend(header.topic, header.defaultTopic, header.defaultTopicQueueNums);
  const illegal = config === undefined ? topicMissing(header.topic) : queueIllegal(header, config, connection);
  if (config === undefined || illegal !== undefined) return { ...illegal, code: illegal?.code ?? 1, extFields: stamps };

  const queueId = header.queueId < 0 ? Math.floor(Math.random() * config.writeQueueNums) : header.queueId;
  const fromRetry = header.topic.startsWith(RETRY_PREFIX)
    ? retryTarget(broker, header, command.version, queueId)
    : { topic: header.topic, queueId, newTopic: undefined, toDeadLetter: false };
  if ('refusal' in fromRetry) return { ...fromRetry.refusal, extFields: stamps };

  const properties = stampedProperties(broker, header, fromRetry.toDeadLetter);
  const message: MessageToStore = {
    topic: fromRetry.topic,
    queueId: fromRetry.queueId,
    flag: header.flag,
    sysFlag: header.sysFlag | (config.topicFilterType === 'MULTI_TAG' ? SysFlag.MULTI_TAGS : 0),
    bornTimestamp: header.bornTimestamp,
    bornHost: hostOf(connection),
    storeHost: broker.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
    body: command.body,
    properties: properties.text,
  };
  let stored: StoredAt[];
  try {
    stored = isBatch ? putBatch(broker, message) : [putMessage(broker, message)];
  } catch (error) {
    const refused = storeRefusal(broker, error);
    if (refused === undefined) throw error;
    return { ...refused, extFields: stamps };
  }
  const [first] = stored;
  const reply: Reply = {
    code: ResponseCode.SUCCESS,
    extFields: {
      queueId: String(queueId),
      transactionId: properties.uniqueKey,
      msgId: stored.map((at) => offsetMessageId(broker.storeHost, at.physicalOffset)).join(','),
      ...stamps,
      queueOffset: String(first?.queueOffset ?? 0),
    },
  };
  const created = isNewTopic ? header.topic : fromRetry.newTopic;
  const waitsForDisk =
    broker.config.flushDiskType === 'SYNC_FLUSH' && propertyOf(properties.text, PropertyName.WAIT) !== 'false';
  if (created === undefined && !waitsForDisk) return reply;
  return lateReply(broker, reply, created, waitsForDisk);
}

/**
 * A new topic is known to the NameServers before the answer, since clients ask for routes only every 30 s. The
 * message is stored before that, so that later ones of the same connection stay behind it.
 */
async function lateReply(
  broker: BrokerContext,
  reply: Reply,
  created: string | undefined,
  waitsForDisk: boolean,
): Promise<Reply> {
  if (created !== undefined) {
    broker.logger.info(`topic ${created} created on send`);
    await broker.registration.announce([created]);
  }
  if (waitsForDisk && !(await broker.store.flushed())) return { ...reply, code: ResponseCode.FLUSH_DISK_TIMEOUT };
  return reply;
}

function refusalOf(broker: BrokerContext, header: SendMessage, isBatch: boolean, body: Buffer): Reply | undefined {
  const { config } = broker;
  if ((config.brokerPermission & Perm.WRITE) === 0) {
    return noPermission(`the broker[${config.brokerIP1}] sending message is forbidden`);
  }
  const problem = topicNameProblem(header.topic);
  if (problem !== undefined) return invalidTopic(header.topic, problem);
  if (SEND_FORBIDDEN_TOPICS.has(header.topic)) {
    return noPermission(`Sending message to topic[${header.topic}] is forbidden.`);
  }
  if (isBatch && header.topic.startsWith(RETRY_PREFIX)) {
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark: `batch request does not support retry group ${header.topic}` };
  }
  if (isBatch && header.topic.length > MAX_TOPIC_LENGTH) {
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark: `message topic length too long ${header.topic.length}` };
  }
  if (body.length > config.maxMessageSize) return illegalMessage(broker);
  return header.properties === undefined ? undefined : unsupportedKind(broker, header, header.properties);
}

/** As Apache's broker with rejectTransactionMessage=true and timerWheelEnable=false. */
function unsupportedKind(broker: BrokerContext, header: SendMessage, properties: string): Reply | undefined {
  const isHalf =
    (header.sysFlag & TRANSACTION_STATES) === SysFlag.TRANSACTION_PREPARED ||
    propertyOf(properties, PropertyName.TRANSACTION_PREPARED) === 'true';
  if (isHalf) return noPermission(`the broker[${broker.config.brokerIP1}] sending transaction message is forbidden`);
  const dueMs = timerDueMs(broker.clock.now(), properties);
  if (dueMs === undefined || dueMs <= broker.clock.now()) return undefined;
  return {
    code: ResponseCode.SYSTEM_ERROR,
    remark: 'accurate timer message is not enabled, timerWheelEnable is false',
  };
}

/** When a timer message is due; a delay level wins over it. Source: remoting sheet §4.13. */
function timerDueMs(nowMs: number, properties: string): number | undefined {
  if (!properties.includes('TIMER_') || propertyOf(properties, PropertyName.DELAY) !== undefined) return undefined;
  const seconds = propertyOf(properties, PropertyName.TIMER_DELAY_SEC);
  if (seconds !== undefined) return nowMs + Number(seconds) * 1000;
  const delayMs = propertyOf(properties, PropertyName.TIMER_DELAY_MS);
  if (delayMs !== undefined) return nowMs + Number(delayMs);
  const deliverMs = propertyOf(properties, PropertyName.TIMER_DELIVER_MS);
  return deliverMs === undefined ? undefined : Number(deliverMs);
}

export function invalidTopic(topic: string, problem: NameProblem): Reply {
  const remark = {
    blank: 'The specified topic is blank.',
    'illegal-characters': `The specified topic: ${topic}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`,
    'too-long': 'The specified topic is longer than topic max length.',
  }[problem];
  return { code: ResponseCode.INVALID_PARAMETER, remark };
}

function topicMissing(topic: string): Reply {
  return {
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: `topic[${topic}] not exist, apply first please!${FAQ_HINT}`,
  };
}

function queueIllegal(header: SendMessage, config: TopicConfig, connection: Connection): Reply | undefined {
  if (header.queueId < Math.max(config.writeQueueNums, config.readQueueNums)) return undefined;
  return {
    code: ResponseCode.INVALID_PARAMETER,
    remark: `request queueId[${header.queueId}] is illegal, ${describeTopic(config)} Producer: ${connection.remoteAddress}`,
  };
}

/** TopicConfig.java, toString. */
function describeTopic(config: TopicConfig): string {
  const perm =
    ((config.perm & Perm.READ) === 0 ? '-' : 'R') +
    ((config.perm & Perm.WRITE) === 0 ? '-' : 'W') +
    ((config.perm & Perm.INHERIT) === 0 ? '-' : 'X');
  const attributes = Object.entries(config.attributes).map(([name, value]) => `${name}=${value}`);
  return (
    `TopicConfig [topicName=${config.topicName}, readQueueNums=${config.readQueueNums}, ` +
    `writeQueueNums=${config.writeQueueNums}, perm=${perm}, topicFilterType=${config.topicFilterType}, ` +
    `topicSysFlag=${config.topicSysFlag}, order=${config.order}, attributes={${attributes.join(', ')}}]`
  );
}

interface RetryTarget {
  readonly topic: string;
  readonly queueId: number;
  /** A dead-letter topic that did not exist before. */
  readonly newTopic: string | undefined;
  readonly toDeadLetter: boolean;
}

/** A send to %RETRY%group ends in %DLQ%group when the group's redeliveries are used up. Broker sheet §9.2. */
function retryTarget(
  broker: BrokerContext,
  header: SendMessage,
  version: number,
  queueId: number,
): RetryTarget | { readonly refusal: Reply } {
  const group = header.topic.slice(RETRY_PREFIX.length);
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      refusal: {
        code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        remark: `subscription group not exist, ${group} ${FAQ_HINT}`,
      },
    };
  }
  const max = (version >= KNOWS_MAX_RECONSUME_TIMES ? header.maxReconsumeTimes : undefined) ?? settings.retryMaxTimes;
  const isUsedUp = (header.reconsumeTimes ?? 0) > max || broker.locks.isHeld(group);
  if (!isUsedUp) return { topic: header.topic, queueId, newTopic: undefined, toDeadLetter: false };
  const topic = deadLetterTopic(group);
  const { created } = broker.topics.ensure(topic, 1);
  return { topic, queueId: 0, newTopic: created ? topic : undefined, toDeadLetter: true };
}

/**
 * MSG_REGION, TRACE_ON, CLUSTER and a unique key on every message; POP_CK never from outside. Most messages carry
 * none of them, so they are appended to the text as it came.
 */
function stampedProperties(
  broker: BrokerContext,
  header: SendMessage,
  toDeadLetter: boolean,
): { readonly text: string; readonly uniqueKey: string } {
  const { regionId, traceOn, brokerClusterName } = broker.config;
  const given = header.properties ?? '';
  const needsMap =
    toDeadLetter ||
    given.includes(PropertyName.MSG_REGION) ||
    given.includes(PropertyName.TRACE_SWITCH) ||
    given.includes(PropertyName.CLUSTER) ||
    given.includes(PropertyName.POP_CK);
  const known = propertyOf(given, PropertyName.UNIQUE_KEY);
  const uniqueKey = known ?? broker.newUniqueKey();
  const stamps: [string, string][] = [
    [PropertyName.MSG_REGION, regionId],
    [PropertyName.TRACE_SWITCH, String(traceOn)],
    [PropertyName.CLUSTER, brokerClusterName],
  ];
  if (known === undefined) stamps.push([PropertyName.UNIQUE_KEY, uniqueKey]);
  if (!needsMap) {
    const open = given !== '' && !given.endsWith('\u0002') ? '\u0002' : '';
    return { text: given + open + encodeProperties(stamps), uniqueKey };
  }
  const properties = decodeProperties(given);
  properties.delete(PropertyName.POP_CK);
  for (const [name, value] of stamps) properties.set(name, value);
  if (toDeadLetter) properties.set(PropertyName.DELAY, '0');
  return { text: encodeProperties(properties), uniqueKey };
}

/** The items keep their own properties only, as Java's broker stores them. */
function putBatch(broker: BrokerContext, message: MessageToStore): StoredAt[] {
  const stored = broker.store.appendAll(
    decodeBatch(message.body).map((item) => ({
      ...message,
      flag: item.flag,
      body: item.body,
      properties: item.properties,
    })),
  );
  broker.statistics.counts.put += stored.length;
  for (const { sizeBytes } of stored) broker.statistics.counts.putBytes += sizeBytes;
  return stored;
}

const hosts = new WeakMap<Connection, HostAddress>();

/** The peer's address as records hold it. */
function hostOf(connection: Connection): HostAddress {
  let host = hosts.get(connection);
  if (host === undefined) hosts.set(connection, (host = parseHostAddress(connection.remoteAddress)));
  return host;
}

function noPermission(remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark };
}
