import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { isCodedError } from '../../base/errors.ts';
import { decompressBody } from '../../protocol/compression.ts';
import { DigestType, Encoding, MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { MessageSchema, SystemPropertiesSchema } from '../../protocol/grpc/definition_pb.ts';
import { formatHostAddress, ipText } from '../../protocol/hostAddress.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, isReservedProperty, propertyOf } from '../../protocol/messageProperty.ts';

export type GrpcMessage = MessageInitShape<typeof MessageSchema>;
type Properties = ReadonlyMap<string, string>;

/**
 * A stored message as clients of gRPC get it. Bodies that remoting producers compressed are plain here, since the
 * clients disagree on what GZIP is. Source: GrpcConverter.java; gRPC sheet §4.5, §4.9.
 * @param more what goes before that which is stored: the topic that was asked for, a receipt
 */
export function messageOut(
  stored: StoredMessage,
  more: { readonly topic?: string; readonly receiptHandle?: string; readonly nowMs: number },
): GrpcMessage {
  const properties = decodeProperties(stored.properties);
  const { body, isCompressed } = bodyOf(stored);
  const userProperties: Record<string, string> = {};
  for (const [name, value] of properties) if (!isReservedProperty(name)) userProperties[name] = value;
  const { receiptHandle = properties.get(PropertyName.POP_CK) } = more;
  return {
    topic: resourceOf(more.topic ?? stored.topic),
    userProperties,
    body,
    systemProperties: {
      ...placeOf(stored, properties),
      ...originOf(stored, properties),
      ...given(properties),
      ...dueTime(properties, more.nowMs),
      bodyDigest: { type: DigestType.MD5, checksum: createHash('md5').update(body).digest('hex').toUpperCase() },
      bodyEncoding: isCompressed ? Encoding.GZIP : Encoding.IDENTITY,
      messageType: typeOf(properties),
      ...(receiptHandle === undefined ? {} : { receiptHandle }),
    },
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

type System = Exclude<MessageInitShape<typeof SystemPropertiesSchema>, { $typeName: string }>;

function placeOf(stored: StoredMessage, properties: Properties): System {
  return {
    messageId: idOf(stored, properties.get(PropertyName.UNIQUE_KEY)),
    queueId: stored.queueId,
    queueOffset: BigInt(stored.queueOffset),
    deliveryAttempt: stored.reconsumeTimes + 1,
    storeTimestamp: timestampFromMs(stored.storeTimestamp),
    storeHost: formatHostAddress(stored.storeHost),
  };
}

function originOf(stored: StoredMessage, properties: Properties): System {
  return {
    bornTimestamp: timestampFromMs(stored.bornTimestamp),
    bornHost: properties.get(PropertyName.BORN_HOST) ?? ipText(stored.bornHost.ip),
  };
}

/** What the producer gave. */
function given(properties: Properties): System {
  const system: System = {};
  const tag = properties.get(PropertyName.TAGS);
  if (tag !== undefined) system.tag = tag;
  const keys = properties.get(PropertyName.KEYS);
  if (keys !== undefined) system.keys = keys.split(' ').filter((key) => key !== '');
  const group = properties.get(PropertyName.SHARDING_KEY);
  if (group !== undefined) system.messageGroup = group;
  const trace = properties.get(PropertyName.TRACE_CONTEXT);
  if (trace !== undefined) system.traceContext = trace;
  const liteTopic = properties.get(PropertyName.LITE_TOPIC);
  if (liteTopic !== undefined) system.liteTopic = liteTopic;
  const priority = properties.get(PropertyName.PRIORITY);
  if (priority !== undefined && /^\d{1,9}$/.test(priority)) system.priority = Number(priority);
  const topic = properties.get(PropertyName.DEAD_LETTER_TOPIC);
  const messageId = properties.get(PropertyName.DEAD_LETTER_MESSAGE_ID);
  if (topic !== undefined && messageId !== undefined) system.deadLetterQueue = { topic, messageId };
  return system;
}

function dueTime(properties: Properties, nowMs: number): System {
  const delaySeconds = wholeNumber(properties.get(PropertyName.TIMER_DELAY_SEC));
  const dueMs =
    delaySeconds === undefined
      ? wholeNumber(properties.get(PropertyName.TIMER_DELIVER_MS))
      : nowMs + delaySeconds * 1000;
  return dueMs === undefined ? {} : { deliveryTimestamp: timestampFromMs(dueMs) };
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
function resourceOf(topic: string): GrpcMessage['topic'] {
  const at = topic.startsWith('%') ? -1 : topic.indexOf('%');
  return at <= 0 ? { name: topic } : { resourceNamespace: topic.slice(0, at), name: topic.slice(at + 1) };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
