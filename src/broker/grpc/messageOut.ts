import { hash } from 'node:crypto';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { isCodedError } from '../../base/errors.ts';
import { decompressBody } from '../../protocol/compression.ts';
import { DigestType, Encoding, MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { DeadLetterQueue, Message, Resource, SystemProperties } from '../../protocol/grpc/definition_pb.ts';
import { formatHostAddress, ipText } from '../../protocol/hostAddress.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, isReservedProperty, propertyOf } from '../../protocol/messageProperty.ts';

type Properties = ReadonlyMap<string, string>;

/**
 * A stored message as clients of gRPC get it. Bodies that remoting producers compressed are plain here, since the
 * clients disagree on what GZIP is. It is made as it is encoded, field by field: `create` would copy each message of it.
 * Source: GrpcConverter.java; gRPC sheet §4.5, §4.9.
 * @param more what goes before that which is stored: the topic that was asked for, a receipt
 */
export function messageOut(
  stored: StoredMessage,
  more: { readonly topic?: string; readonly receiptHandle?: string; readonly nowMs: number },
): Message {
  const properties = decodeProperties(stored.properties);
  const { body, isCompressed } = bodyOf(stored);
  const userProperties: Record<string, string> = {};
  for (const [name, value] of properties) if (!isReservedProperty(name)) userProperties[name] = value;
  const systemProperties: SystemProperties = {
    $typeName: 'apache.rocketmq.v2.SystemProperties',
    tag: properties.get(PropertyName.TAGS),
    keys: keysOf(properties),
    messageId: idOf(stored, properties.get(PropertyName.UNIQUE_KEY)),
    bodyDigest: {
      $typeName: 'apache.rocketmq.v2.Digest',
      type: DigestType.MD5,
      checksum: hash('md5', body, 'hex').toUpperCase(),
    },
    bodyEncoding: isCompressed ? Encoding.GZIP : Encoding.IDENTITY,
    messageType: typeOf(properties),
    bornTimestamp: timestampOf(stored.bornTimestamp),
    bornHost: properties.get(PropertyName.BORN_HOST) ?? ipText(stored.bornHost.ip),
    storeTimestamp: timestampOf(stored.storeTimestamp),
    storeHost: formatHostAddress(stored.storeHost),
    deliveryTimestamp: dueTime(properties, more.nowMs),
    receiptHandle: more.receiptHandle ?? properties.get(PropertyName.POP_CK),
    queueId: stored.queueId,
    queueOffset: BigInt(stored.queueOffset),
    deliveryAttempt: stored.reconsumeTimes + 1,
    messageGroup: properties.get(PropertyName.SHARDING_KEY),
    traceContext: properties.get(PropertyName.TRACE_CONTEXT),
    deadLetterQueue: deadLetterOf(properties),
    liteTopic: properties.get(PropertyName.LITE_TOPIC),
    priority: priorityOf(properties),
  };
  return {
    $typeName: 'apache.rocketmq.v2.Message',
    topic: resourceOf(more.topic ?? stored.topic),
    userProperties,
    systemProperties,
    body,
  };
}

/** A body that says it is compressed and cannot be read goes out as it is, for the client to say so. */
function bodyOf({ body, sysFlag }: StoredMessage): { readonly body: Buffer; readonly isCompressed: boolean } {
  try {
    return { body: decompressBody(body, sysFlag), isCompressed: false };
  } catch (error) {
    if (isCodedError(error, 'message-illegal')) return { body, isCompressed: true };
    throw error;
  }
}

/** As clients know the message. */
export function messageIdOf(stored: StoredMessage): string {
  return idOf(stored, propertyOf(stored.properties, PropertyName.UNIQUE_KEY));
}

function idOf({ storeHost, physicalOffset }: StoredMessage, uniqueKey: string | undefined): string {
  return uniqueKey ?? offsetMessageId(storeHost, physicalOffset);
}

function keysOf(properties: Properties): string[] {
  const keys = properties.get(PropertyName.KEYS);
  return keys === undefined ? [] : keys.split(' ').filter((key) => key !== '');
}

function priorityOf(properties: Properties): number | undefined {
  const priority = properties.get(PropertyName.PRIORITY);
  return priority !== undefined && /^\d{1,9}$/.test(priority) ? Number(priority) : undefined;
}

function deadLetterOf(properties: Properties): DeadLetterQueue | undefined {
  const topic = properties.get(PropertyName.DEAD_LETTER_TOPIC);
  const messageId = properties.get(PropertyName.DEAD_LETTER_MESSAGE_ID);
  if (topic === undefined || messageId === undefined) return undefined;
  return { $typeName: 'apache.rocketmq.v2.DeadLetterQueue', topic, messageId };
}

function dueTime(properties: Properties, nowMs: number): Timestamp | undefined {
  const delaySeconds = wholeNumber(properties.get(PropertyName.TIMER_DELAY_SEC));
  const dueMs =
    delaySeconds === undefined
      ? wholeNumber(properties.get(PropertyName.TIMER_DELIVER_MS))
      : nowMs + delaySeconds * 1000;
  return dueMs === undefined ? undefined : timestampOf(dueMs);
}

function timestampOf(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return {
    $typeName: 'google.protobuf.Timestamp',
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1000) * 1_000_000,
  };
}

/** Of a message as it is stored. Source: GrpcConverter.java, buildSystemProperties; TopicMessageType.java of 5.5.0. */
function typeOf(properties: Properties): MessageType {
  if (properties.get(PropertyName.TRANSACTION_PREPARED) === 'true') return MessageType.TRANSACTION;
  const isDelayed =
    properties.has(PropertyName.DELAY) ||
    properties.has(PropertyName.TIMER_DELIVER_MS) ||
    properties.has(PropertyName.TIMER_DELAY_SEC);
  if (isDelayed) return MessageType.DELAY;
  if (properties.has(PropertyName.SHARDING_KEY)) return MessageType.FIFO;
  if (properties.has(PropertyName.PRIORITY)) return MessageType.PRIORITY;
  return properties.has(PropertyName.LITE_TOPIC) ? MessageType.LITE : MessageType.NORMAL;
}

/** A namespace stands before the first `%` of a name. Source: NamespaceUtil.java. */
function resourceOf(topic: string): Resource {
  const at = topic.startsWith('%') ? -1 : topic.indexOf('%');
  return {
    $typeName: 'apache.rocketmq.v2.Resource',
    resourceNamespace: at <= 0 ? '' : topic.slice(0, at),
    name: at <= 0 ? topic : topic.slice(at + 1),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
