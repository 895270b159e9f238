import { Perm } from '../../protocol/bodies/route.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { decodeBatch } from '../../protocol/batch.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { encodeRecallHandle } from '../../protocol/recallHandle.ts';
import { decodeSendMessage } from '../../protocol/requests/send.ts';
import type { SendMessage } from '../../protocol/requests/send.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import {
  MAX_TOPIC_LENGTH,
  RETRY_PREFIX,
  SEND_FORBIDDEN_TOPICS,
  TIMER_TOPIC,
  topicNameProblem,
} from '../../protocol/topicName.ts';
import type { Peer, IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { peerHost } from '../peerHost.ts';
import { checkReplicas, illegalMessage, parked, stageParked, storeRefusal } from '../putMessage.ts';
import { FAQ_HINT, invalidTopic } from '../reply.ts';
import type { MessageToStore, StoredAt } from '../store/messageToStore.ts';
import { halfMessage } from '../transactions/halfMessage.ts';
import { retryTarget } from './retryTarget.ts';
import { stampedProperties } from './stampedProperties.ts';

/**
 * SEND_MESSAGE 10, SEND_MESSAGE_V2 310 and SEND_BATCH_MESSAGE 320. The checks come in the order of
 * SendMessageProcessor.java; broker sheet §5. A message to a topic that exists is answered without a promise.
 */
export function sendMessage(broker: BrokerContext, { command, connection }: IncomingRequest): Reply | Promise<Reply> {
  const { body, version } = command;
  return takeMessage(broker, { header: decodeSendMessage(command), body, version, connection });
}

/** A message that somebody sends. */
export interface SentMessage {
  readonly header: SendMessage;
  readonly body: Buffer;
  /** Ordinal of the sender's release. */
  readonly version: number;
  readonly connection: Peer;
}

export function takeMessage(broker: BrokerContext, sent: SentMessage): Reply | Promise<Reply> {
  const { header, body } = sent;
  // Of either code, as in Apache's broker: 320 without the field is one message.
  const isBatch = header.batch === true;
  if (body.length === 0) return EMPTY_BODY;
  const refusal = refusalOf(broker, header, isBatch, body);
  if (refusal !== undefined) return { ...refusal, extFields: stampsOf(broker) };

  const newTopics: string[] = [];
  const outcome = store(broker, sent, isBatch, newTopics);
  const isStored = outcome.code === ResponseCode.SUCCESS;
  const reply = isStored ? outcome : { ...outcome, extFields: stampsOf(broker) };
  // After a refusal nothing waits for the disk; how a stored message does, the store decides.
  const waits = isStored && propertyOf(header.properties ?? '', PropertyName.WAIT) !== 'false';
  const flushed = waits ? broker.store.flushed() : true;
  const replicated = waits ? broker.replication.replicated() : true;
  if (newTopics.length === 0 && flushed === true && replicated === true) return reply;
  return lateReply(broker, reply, newTopics, flushed, replicated);
}

/** Stores what the checks let through; topics that begin to exist on the way are added to `newTopics`. */
function store(
  broker: BrokerContext,
  { header, body, version, connection }: SentMessage,
  isBatch: boolean,
  newTopics: string[],
): Reply {
  let config = broker.topics.get(header.topic);
  if (config === undefined) {
    config = broker.topics.createOnSend(header.topic, header.defaultTopic, header.defaultTopicQueueNums);
    if (config === undefined) return topicMissing(header.topic);
    newTopics.push(header.topic);
  }
  const illegal = queueIllegal(header, config, connection);
  if (illegal !== undefined) return illegal;

  const queueId = queueFor(header, config);
  const target = header.topic.startsWith(RETRY_PREFIX)
    ? retryTarget(broker, header, version, queueId)
    : { topic: header.topic, queueId, newTopic: undefined, toDeadLetter: false };
  if ('refusal' in target) return target.refusal;
  if (target.newTopic !== undefined) newTopics.push(target.newTopic);
  if (isInnerBatch(header)) return illegalMessage(broker);
  const isHalf = !isBatch && opensTransaction(header);
  if (isHalf && broker.config.rejectTransactionMessage) {
    return noPermission(`the broker[${broker.config.brokerIP1}] sending transaction message is forbidden`);
  }

  const properties = stampedProperties(broker, header, target.toDeadLetter);
  const message: MessageToStore = {
    topic: target.topic,
    queueId: target.queueId,
    flag: header.flag,
    sysFlag: header.sysFlag | (config.topicFilterType === 'MULTI_TAG' ? SysFlag.MULTI_TAGS : 0),
    bornTimestamp: header.bornTimestamp,
    bornHost: peerHost(connection),
    storeHost: broker.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
    body,
    properties: properties.text,
  };
  let first: StoredAt | undefined;
  let others: readonly StoredAt[] = [];
  let toStore: MessageToStore;
  try {
    toStore = isHalf ? halfMessage(message, properties.uniqueKey) : parked(broker, message);
    // The items would have no name of where they belong: Apache refuses levels, and loses what waits for a moment.
    if (isBatch && toStore !== message) return illegalMessage(broker);
    checkReplicas(broker, message.properties);
    if (isBatch) [first, ...others] = putBatch(broker, message);
    else first = stageParked(broker, toStore);
  } catch (error) {
    const refused = storeRefusal(broker, error);
    if (refused === undefined) throw error;
    return refused;
  }
  const extFields = {
    queueId: String(queueId),
    transactionId: properties.uniqueKey,
    msgId: messageIds(broker, first, others),
    queueOffset: String(first?.queueOffset ?? 0),
    MSG_REGION: broker.config.regionId,
    TRACE_ON: String(broker.config.traceOn),
  };
  const handle = recallHandle(broker, message.topic, toStore, properties.uniqueKey);
  return { code: ResponseCode.SUCCESS, extFields: handle === undefined ? extFields : { ...extFields, ...handle } };
}

function messageIds({ storeHost }: BrokerContext, first: StoredAt | undefined, others: readonly StoredAt[]): string {
  let text = first === undefined ? '' : offsetMessageId(storeHost, first.physicalOffset);
  for (const { physicalOffset } of others) text += `,${offsetMessageId(storeHost, physicalOffset)}`;
  return text;
}

function stampsOf({ config }: BrokerContext): { readonly MSG_REGION: string; readonly TRACE_ON: string } {
  return { MSG_REGION: config.regionId, TRACE_ON: String(config.traceOn) };
}

/** What takes a timer message back. Source: SendMessageProcessor.attachRecallHandle. */
function recallHandle(
  { config }: BrokerContext,
  topic: string,
  { topic: parkedIn, properties }: MessageToStore,
  messageId: string,
): { readonly recallHandle: string } | undefined {
  if (parkedIn !== TIMER_TOPIC || topic === TIMER_TOPIC || topic.startsWith(RETRY_PREFIX)) return undefined;
  const timestamp = String(Number(propertyOf(properties, PropertyName.TIMER_OUT_MS)) + 1);
  return { recallHandle: encodeRecallHandle({ topic, brokerName: config.brokerName, timestamp, messageId }) };
}

/**
 * A new topic is known to the NameServers before the answer, since clients ask for routes only every 30 s. The
 * message is stored before that, so that later ones of the same connection stay behind it.
 */
export async function lateReply(
  broker: BrokerContext,
  reply: Reply,
  newTopics: readonly string[],
  flushed: true | Promise<boolean>,
  replicated: true | Promise<boolean> = true,
): Promise<Reply> {
  for (const topic of newTopics) broker.logger.info(`topic ${topic} created on send`);
  const announced = newTopics.length === 0 ? undefined : broker.registration.announce(newTopics);
  const saved = newTopics.length === 0 ? undefined : broker.topics.saved();
  // A message on disk is worth nothing without its topic.
  const synced = newTopics.length === 0 || flushed === true ? undefined : broker.topics.synced();
  const [isOnDisk, isReplicated] = await Promise.all([flushed, replicated, announced, saved, synced]);
  if (!isReplicated) return { ...reply, code: ResponseCode.FLUSH_SLAVE_TIMEOUT };
  return isOnDisk ? reply : { ...reply, code: ResponseCode.FLUSH_DISK_TIMEOUT };
}

export function refusalOf(
  broker: BrokerContext,
  header: SendMessage,
  isBatch: boolean,
  body: Buffer,
): Reply | undefined {
  const { config } = broker;
  if ((config.brokerPermission & Perm.WRITE) === 0) {
    return noPermission(`the broker[${config.brokerIP1}] sending message is forbidden`);
  }
  if (header.topic !== lastGoodTopic) {
    const problem = topicNameProblem(header.topic);
    if (problem !== undefined) return invalidTopic(header.topic, problem);
    lastGoodTopic = header.topic;
  }
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
  return undefined;
}

/** Of the message before: most come for the same topic. */
let lastGoodTopic: string | undefined;

/** The bits of sysFlag say nothing here; clients before 4.6.1 keep the property when a committed message is retried. */
function opensTransaction({ properties, reconsumeTimes = 0 }: SendMessage): boolean {
  if (properties?.includes(PropertyName.TRANSACTION_PREPARED) !== true) return false;
  if (propertyOf(properties, PropertyName.TRANSACTION_PREPARED)?.toLowerCase() !== 'true') return false;
  return reconsumeTimes <= 0 || !(Number(propertyOf(properties, PropertyName.DELAY)) > 0);
}

/**
 * Many messages in one record, which only a queue of type BatchCQ holds.
 * Source: HookUtils.java, checkInnerBatch.
 */
function isInnerBatch({ sysFlag, properties }: SendMessage): boolean {
  if ((sysFlag & SysFlag.INNER_BATCH) !== 0) return true;
  return (
    properties?.includes(PropertyName.INNER_NUM) === true &&
    propertyOf(properties, PropertyName.INNER_NUM) !== undefined
  );
}

/** What Apache's broker fails at, in words. Source: AbstractSendMessageProcessor.java, buildMsgContext. */
export const EMPTY_BODY: Reply = { code: ResponseCode.SYSTEM_ERROR, remark: 'the message body is empty' };

export function topicMissing(topic: string): Reply {
  return {
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: `topic[${topic}] not exist, apply first please!${FAQ_HINT}`,
  };
}

export function queueIllegal(header: SendMessage, config: TopicConfig, connection: Peer): Reply | undefined {
  if (header.queueId < 0 && config.writeQueueNums === 0) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `topic[${header.topic}] has no queue to write to` };
  }
  if (header.queueId < Math.max(config.writeQueueNums, config.readQueueNums)) return undefined;
  return {
    code: ResponseCode.INVALID_PARAMETER,
    remark: `request queueId[${header.queueId}] is illegal, ${describeTopic(config)} Producer: ${connection.remoteAddress}`,
  };
}

/** Any queue for a sender that names none. Source: AbstractSendMessageProcessor.java, randomQueueId. */
export function queueFor({ queueId }: SendMessage, { writeQueueNums }: TopicConfig): number {
  return queueId < 0 ? Math.floor(Math.random() * Math.abs(writeQueueNums)) : queueId;
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

/**
 * The items keep their own properties only, as Java's broker stores them. A text that ends with a zero gets its last
 * separator: after a crash zeros at the end tell a torn record.
 */
function putBatch(broker: BrokerContext, message: MessageToStore): StoredAt[] {
  const stored = broker.store.stageAll(
    decodeBatch(message.body).map((item) => ({
      ...message,
      flag: item.flag,
      body: item.body,
      properties: item.properties.endsWith('\0') ? `${item.properties}\u0002` : item.properties,
    })),
  );
  const bytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sinceMs = stored[0]?.storeTimestamp ?? 0;
  broker.statistics.stored(message.topic, message.queueId, stored.length, bytes, sinceMs);
  return stored;
}

function noPermission(remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark };
}
