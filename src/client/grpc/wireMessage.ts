import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { Encoding, MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { Message, MessageSchema, SystemProperties } from '../../protocol/grpc/definition_pb.ts';
import type { EndpointMessage, EndpointMessageType } from './endpointModel.ts';

/** A message as an endpoint gives it: values only, nothing of protobuf, as `wire.ts` has it. */
export interface WireMessage {
  readonly topic: string;
  readonly brokerQueueId: number;
  readonly offset: number;
  readonly storedAtMs: number;
  readonly bornAtMs: number;
  readonly bornHost: string;
  readonly storeHost: string;
  readonly deliveryAttempt: number;
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly group: string | undefined;
  readonly isCompressed: boolean;
  readonly userProperties: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

export interface SendDetails {
  readonly messageId: string;
  readonly bornAtMs: number;
  readonly bornHost: string;
}

export function outgoing(message: EndpointMessage, details: SendDetails): MessageInitShape<typeof MessageSchema> {
  const { topic, tag, keys = [], properties = new Map<string, string>(), body, delivery } = message;
  return {
    topic: { name: topic },
    userProperties: Object.fromEntries(properties),
    body,
    systemProperties: {
      ...(tag === undefined || tag === '' ? {} : { tag }),
      keys: keys.filter((key) => key !== ''),
      messageId: details.messageId,
      bodyEncoding: Encoding.IDENTITY,
      messageType: TYPES[delivery.type],
      bornTimestamp: timestampFromMs(details.bornAtMs),
      bornHost: details.bornHost,
      ...(delivery.type === 'FIFO' ? { messageGroup: delivery.group } : {}),
      ...(delivery.type === 'DELAY' ? { deliveryTimestamp: timestampFromMs(delivery.deliverAtMs) } : {}),
      ...(delivery.type === 'PRIORITY' ? { priority: delivery.priority } : {}),
      ...(delivery.type === 'LITE' ? { liteTopic: delivery.liteTopic } : {}),
    },
  };
}

export function received({ topic, userProperties, systemProperties, body }: Message): WireMessage {
  const system: Partial<SystemProperties> = systemProperties ?? {};
  return {
    topic: topic?.name ?? '',
    brokerQueueId: system.queueId ?? 0,
    offset: Number(system.queueOffset ?? 0n),
    storedAtMs: msOf(system.storeTimestamp),
    bornAtMs: msOf(system.bornTimestamp),
    bornHost: system.bornHost ?? '',
    storeHost: system.storeHost ?? '',
    deliveryAttempt: system.deliveryAttempt ?? 1,
    messageId: system.messageId ?? '',
    receiptHandle: system.receiptHandle ?? '',
    tag: system.tag,
    keys: system.keys ?? [],
    group: system.messageGroup,
    isCompressed: system.bodyEncoding === Encoding.GZIP,
    userProperties: new Map(Object.entries(userProperties)),
    body,
  };
}

const TYPES: Readonly<Record<EndpointMessageType, MessageType>> = {
  NORMAL: MessageType.NORMAL,
  FIFO: MessageType.FIFO,
  DELAY: MessageType.DELAY,
  TRANSACTION: MessageType.TRANSACTION,
  LITE: MessageType.LITE,
  PRIORITY: MessageType.PRIORITY,
};

const TYPE_NAMES: ReadonlyMap<MessageType, EndpointMessageType> = new Map(
  Object.entries(TYPES).map(([name, type]) => [type, name as EndpointMessageType]),
);

export function typeName(type: MessageType): EndpointMessageType | undefined {
  return TYPE_NAMES.get(type);
}

function msOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}
