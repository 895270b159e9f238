import { deflateSync, unzipSync } from 'node:zlib';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { errorText } from '../../base/errors.ts';
import { Code, Encoding, MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { Message, SystemProperties } from '../../protocol/grpc/definition_pb.ts';
import { liteQueue } from '../../protocol/liteTopic.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import type { BrokerConfig } from '../config.ts';
import {
  checkBody,
  checkDeliveryTime,
  checkMessageGroup,
  checkMessageId,
  checkProperties,
  checkRecoveryTime,
} from './checkMessage.ts';
import { checkLiteTopic } from './lite/liteTopicName.ts';
import { Refusal } from './refusal.ts';

/** A message of a gRPC producer in the words of the remoting protocol. */
export interface MessageIn {
  readonly type: MessageType;
  readonly messageId: string;
  readonly messageGroup: string;
  readonly priority: number | undefined;
  /** Empty for a message of none. */
  readonly liteTopic: string;
  readonly bornTimestamp: number;
  readonly sysFlag: number;
  readonly properties: string;
  readonly body: Buffer;
}

/**
 * Reads a message. What it is for follows from what it bears; its own word counts for transactions only. The queue and
 * the number of tries that some clients fill in are not theirs to say. Source: SendMessageActivity.java,
 * TopicMessageType.java; gRPC sheet §4.9.
 * @throws Refusal
 */
export function messageIn(
  message: Message,
  of: { readonly topic: string; readonly peerHost: string; readonly config: BrokerConfig; readonly nowMs: number },
): MessageIn {
  const { config, nowMs } = of;
  const system = message.systemProperties;
  if (system === undefined) throw new Refusal(Code.ILLEGAL_MESSAGE_ID, 'message id cannot be empty');
  checkBody(message.body, config);
  checkProperties(message, system, config);
  checkMessageId(system.messageId);
  const isTransaction = system.messageType === MessageType.TRANSACTION;
  const { messageGroup = '' } = system;
  const bornTimestamp = system.bornTimestamp === undefined ? nowMs : timestampMs(system.bornTimestamp);
  const properties: [string, string][] = Object.entries(message.userProperties);
  const put = (name: string, value: string): void => {
    if (value !== '') properties.push([name, value]);
  };
  put(PropertyName.TAGS, system.tag ?? '');
  put(PropertyName.KEYS, system.keys.join(' '));
  put(PropertyName.UNIQUE_KEY, system.messageId);
  if (isTransaction) putTransaction(system, config, put);
  if (system.deliveryTimestamp !== undefined) {
    const deliveryMs = timestampMs(system.deliveryTimestamp);
    checkDeliveryTime(deliveryMs, nowMs, config);
    put(PropertyName.TIMER_DELIVER_MS, String(deliveryMs));
  }
  put(PropertyName.PRODUCER_GROUP, of.topic);
  if (messageGroup !== '') checkMessageGroup(messageGroup, config);
  put(PropertyName.SHARDING_KEY, messageGroup);
  if (system.priority !== undefined) put(PropertyName.PRIORITY, String(system.priority));
  const { liteTopic = '' } = system;
  if (liteTopic !== '') {
    checkLiteTopic(liteTopic, config);
    put(PropertyName.LITE_TOPIC, liteTopic);
    properties.unshift([PropertyName.MULTI_DISPATCH, liteQueue(of.topic, liteTopic)]);
  }
  put(PropertyName.TRACE_CONTEXT, withoutControl(system.traceContext ?? ''));
  put(PropertyName.BORN_HOST, withoutControl(system.bornHost).trim() || of.peerHost);
  put(PropertyName.BORN_TIMESTAMP, String(bornTimestamp));
  const isCompressed = system.bodyEncoding === Encoding.GZIP;
  const body = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.byteLength);
  return {
    type: typeOf(system),
    messageId: system.messageId,
    messageGroup,
    priority: system.priority,
    liteTopic,
    bornTimestamp,
    sysFlag: (isCompressed ? SysFlag.COMPRESSED : 0) | (isTransaction ? SysFlag.TRANSACTION_PREPARED : 0),
    properties: encodeProperties(properties),
    body: isCompressed ? asZlib(body, config.maxMessageSize) : body,
  };
}

function putTransaction(
  { orphanedTransactionRecoveryDuration }: SystemProperties,
  config: BrokerConfig,
  put: (name: string, value: string) => void,
): void {
  put(PropertyName.TRANSACTION_PREPARED, 'true');
  if (orphanedTransactionRecoveryDuration === undefined) return;
  const seconds = Number(orphanedTransactionRecoveryDuration.seconds);
  checkRecoveryTime(seconds, config);
  put(PropertyName.CHECK_IMMUNITY_SECONDS, String(seconds));
}

function typeOf(system: SystemProperties): MessageType {
  if (system.messageType === MessageType.TRANSACTION) return MessageType.TRANSACTION;
  if (system.deliveryTimestamp !== undefined) return MessageType.DELAY;
  if (system.messageGroup !== undefined && system.messageGroup !== '') return MessageType.FIFO;
  if (system.priority !== undefined) return MessageType.PRIORITY;
  return (system.liteTopic ?? '') === '' ? MessageType.NORMAL : MessageType.LITE;
}

/**
 * Compressed bodies are zlib in the log, where remoting consumers read them; clients of gRPC send gzip too, which they
 * could not read.
 */
function asZlib(body: Buffer, maxBytes: number): Buffer {
  try {
    const plain = unzipSync(body, { maxOutputLength: 8 * maxBytes });
    return body[0] === 0x1f ? deflateSync(plain) : body;
  } catch (error) {
    throw new Refusal(Code.MESSAGE_CORRUPTED, `the body cannot be decompressed: ${errorText(error)}`);
  }
}

/** What would end the property string early. */
function withoutControl(text: string): string {
  return text.replaceAll('\u0001', '').replaceAll('\u0002', '');
}
