import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';

import {
  AddressScheme,
  ClientType,
  Code,
  FilterType,
  Language,
  Permission,
  SettingsSchema,
  TransactionResolution,
  TransactionSource,
} from '../../protocol/grpc/definition_pb.ts';
import type { Endpoints, EndpointsSchema, Status } from '../../protocol/grpc/definition_pb.ts';
import { decodeResponse, encodeRequest } from '../../protocol/grpc/rpc.ts';
import type { EndpointMessage, EndpointPermission, EndpointQueue } from './endpointModel.ts';
import { outgoing, received, typeName } from './wireMessage.ts';
import type { SendDetails, WireMessage } from './wireMessage.ts';

/*
 * Requests and answers of MessagingService as bytes ⇄ values. All that needs protobuf stands here and in `wireMessage.ts`: the extension loads
 * it with the first gRPC connection, in a bundle of its own, so nothing of it is thrown, kept or compared by class.
 */

/** How the server judged a request; `OK`, or the name of a refusal. */
export interface Verdict {
  readonly refusal: string | undefined;
  readonly reason: string;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface RouteAnswer extends Verdict {
  readonly queues: readonly EndpointQueue[];
}

export interface SendAnswer extends Verdict {
  readonly messageId: string;
  readonly transactionId: string;
  readonly offset: number;
  readonly recallHandle: string;
}

export interface SettingsAnswer extends Verdict {
  readonly maxBodyBytes: number;
  readonly checksMessageType: boolean;
  readonly maxAttempts: number;
  readonly batchSize: number;
  readonly longPollMs: number;
}

export const encodeRoute = (topic: string, at: HostPort): Uint8Array =>
  encodeRequest('queryRoute', { topic: { name: topic }, endpoints: endpointsOf(at) });

export function decodeRoute(bytes: Uint8Array): RouteAnswer {
  const { status, messageQueues } = decodeResponse('queryRoute', bytes);
  const queues = messageQueues.map(({ topic, broker, id, permission, acceptMessageTypes }) => ({
    topic: topic?.name ?? '',
    brokerName: broker?.name ?? '',
    queueId: id,
    permission: PERMISSIONS[permission] ?? ('unknown' as const),
    endpoints: addressesOf(broker?.endpoints),
    accepts: acceptMessageTypes.flatMap((type) => typeName(type) ?? []),
  }));
  return { ...verdict(status), queues };
}

export const encodeSend = (message: EndpointMessage, details: SendDetails): Uint8Array =>
  encodeRequest('sendMessage', { messages: [outgoing(message, details)] });

export function decodeSend(bytes: Uint8Array): SendAnswer {
  const { status, entries } = decodeResponse('sendMessage', bytes);
  const [entry] = entries;
  // With several results the answer's own status is none of one message.
  const judged = entry?.status ?? status;
  return {
    ...verdict(judged),
    messageId: entry?.messageId ?? '',
    transactionId: entry?.transactionId ?? '',
    offset: Number(entry?.offset ?? 0n),
    recallHandle: entry?.recallHandle ?? '',
  };
}

export const encodeEndTransaction = (
  topic: string,
  { messageId, transactionId }: SendAnswer,
  end: 'commit' | 'rollback',
): Uint8Array =>
  encodeRequest('endTransaction', {
    topic: { name: topic },
    messageId,
    transactionId,
    resolution: end === 'commit' ? TransactionResolution.COMMIT : TransactionResolution.ROLLBACK,
    source: TransactionSource.SOURCE_CLIENT,
  });

export const decodeEndTransaction = (bytes: Uint8Array): Verdict =>
  verdict(decodeResponse('endTransaction', bytes).status);

interface SettingsOf {
  readonly at: HostPort;
  readonly requestTimeoutMs: number;
  readonly version: string;
}

export function encodeProducerSettings(topics: readonly string[], of: SettingsOf): Uint8Array {
  return encodeSettings(of, ClientType.PRODUCER, {
    case: 'publishing',
    value: { topics: topics.map((name) => ({ name })), validateMessageType: true },
  });
}

export function encodeConsumerSettings(
  { group, topic }: { readonly group: string; readonly topic: string },
  longPollMs: number,
  of: SettingsOf,
): Uint8Array {
  return encodeSettings(of, ClientType.SIMPLE_CONSUMER, {
    case: 'subscription',
    value: {
      group: { name: group },
      subscriptions: [{ topic: { name: topic }, expression: ALL }],
      longPollingTimeout: durationFromMs(longPollMs),
    },
  });
}

/** Undefined for a command that is no settings. A refusal is no command at all. */
export function decodeSettings(bytes: Uint8Array): SettingsAnswer | undefined {
  const { status, command } = decodeResponse('telemetry', bytes);
  if (command.case !== 'settings' && (command.case !== undefined || status === undefined)) return undefined;
  const { pubSub, backoffPolicy } = command.case === 'settings' ? command.value : create(SettingsSchema);
  const publishing = pubSub.case === 'publishing' ? pubSub.value : undefined;
  const subscription = pubSub.case === 'subscription' ? pubSub.value : undefined;
  const longPoll = subscription?.longPollingTimeout;
  return {
    ...verdict(status),
    maxBodyBytes: publishing?.maxBodySize ?? 0,
    checksMessageType: publishing?.validateMessageType ?? false,
    maxAttempts: backoffPolicy?.maxAttempts ?? 0,
    batchSize: subscription?.receiveBatchSize ?? 0,
    longPollMs: longPoll === undefined ? 0 : Number(longPoll.seconds) * 1000 + longPoll.nanos / 1e6,
  };
}

export const encodeHeartbeat = (group: string): Uint8Array =>
  encodeRequest('heartbeat', { group: { name: group }, clientType: ClientType.SIMPLE_CONSUMER });

export const decodeHeartbeat = (bytes: Uint8Array): Verdict => verdict(decodeResponse('heartbeat', bytes).status);

export const encodeTermination = (group: string): Uint8Array =>
  encodeRequest('notifyClientTermination', { group: { name: group } });

export const decodeTermination = (bytes: Uint8Array): Verdict =>
  verdict(decodeResponse('notifyClientTermination', bytes).status);

interface ReceiveFrom {
  readonly group: string;
  readonly queue: EndpointQueue;
  readonly batchSize: number;
  readonly invisibleMs: number;
  readonly longPollMs: number;
}

export const encodeReceive = ({ group, queue, batchSize, invisibleMs, longPollMs }: ReceiveFrom): Uint8Array =>
  encodeRequest('receiveMessage', {
    group: { name: group },
    messageQueue: {
      topic: { name: queue.topic },
      id: queue.queueId,
      permission: Permission.READ,
      broker: { name: queue.brokerName, id: 0 },
    },
    filterExpression: ALL,
    batchSize,
    invisibleDuration: durationFromMs(invisibleMs),
    autoRenew: false,
    longPollingTimeout: durationFromMs(longPollMs),
  });

/** One piece of the answer's stream. */
export function decodeReceived(bytes: Uint8Array): {
  readonly verdict?: Verdict;
  readonly message?: WireMessage;
} {
  const { content } = decodeResponse('receiveMessage', bytes);
  if (content.case === 'status') return { verdict: verdict(content.value) };
  return content.case === 'message' ? { message: received(content.value) } : {};
}

export const encodeAck = (
  { group, topic }: { readonly group: string; readonly topic: string },
  messages: readonly WireMessage[],
): Uint8Array =>
  encodeRequest('ackMessage', {
    group: { name: group },
    topic: { name: topic },
    entries: messages.map(({ messageId, receiptHandle }) => ({ messageId, receiptHandle })),
  });

export const decodeAck = (bytes: Uint8Array): Verdict => {
  const { status, entries } = decodeResponse('ackMessage', bytes);
  const refused = entries.find((entry) => entry.status !== undefined && entry.status.code !== Code.OK);
  return verdict(refused?.status ?? status);
};

const ALL = { type: FilterType.TAG, expression: '*' };

const PERMISSIONS: Readonly<Record<number, EndpointPermission>> = {
  [Permission.NONE]: 'none',
  [Permission.READ]: 'read',
  [Permission.WRITE]: 'write',
  [Permission.READ_WRITE]: 'readWrite',
};

function verdict(status: Status | undefined): Verdict {
  if (status === undefined) return { refusal: 'CODE_UNSPECIFIED', reason: '' };
  const isGood = status.code === Code.OK || status.code === Code.MULTIPLE_RESULTS;
  // A code that is newer than we are has no name.
  const names: Readonly<Record<number, string | undefined>> = Code;
  const refusal = isGood ? undefined : (names[status.code] ?? String(status.code));
  return { refusal, reason: status.message.replace(JAVA_CLASS, '') };
}

/** Apache's proxy sets the name of the exception before what it says. */
const JAVA_CLASS = /^(?:\w+\.)+\w+(?:Exception|Error): /;

function encodeSettings(
  { at, requestTimeoutMs, version }: SettingsOf,
  clientType: ClientType,
  pubSub: MessageInitShape<typeof SettingsSchema>['pubSub'],
): Uint8Array {
  const value = create(SettingsSchema, {
    clientType,
    accessPoint: endpointsOf(at),
    requestTimeout: durationFromMs(requestTimeoutMs),
    ...(pubSub === undefined ? {} : { pubSub }),
    userAgent: { language: Language.NODE_JS, version, platform: process.platform },
  });
  return encodeRequest('telemetry', { command: { case: 'settings', value } });
}

function endpointsOf({ host, port }: HostPort): MessageInitShape<typeof EndpointsSchema> {
  const isIPv4 = /^[\d.]+$/.test(host);
  const scheme = host.includes(':') ? AddressScheme.IPv6 : isIPv4 ? AddressScheme.IPv4 : AddressScheme.DOMAIN_NAME;
  return { scheme, addresses: [{ host, port }] };
}

function addressesOf(endpoints: Endpoints | undefined): string[] {
  return (endpoints?.addresses ?? []).map(({ host, port }) =>
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  );
}
