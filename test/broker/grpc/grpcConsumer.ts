import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { CallOptions } from '@grpc/grpc-js';
import type { Message, Status } from '../../../src/protocol/grpc/definition_pb.ts';
import { FilterType } from '../../../src/protocol/grpc/definition_pb.ts';
import type { RpcResponse } from '../../../src/protocol/grpc/rpc.ts';
import type { FakeClock } from '../../support/fakeClock.ts';
import { waitFor } from '../../support/waitFor.ts';
import type { GrpcTestClient } from './grpcTestClient.ts';

export const TOPIC = 'TopicA';
export const GROUP = 'GroupA';

export interface ReceiveParts {
  readonly topic?: string;
  readonly group?: string;
  readonly batchSize?: number;
  readonly queueId?: number;
  /** 30 s. */
  readonly invisibleMs?: number;
  readonly pollMs?: number;
  readonly autoRenew?: boolean;
  readonly attemptId?: string;
  readonly tags?: string;
  readonly sql?: string;
}

type Answer<N extends 'ackMessage' | 'changeInvisibleDuration'> = Extract<RpcResponse<N>, { $typeName: string }>;

export function receiveRequest(parts: ReceiveParts) {
  const { autoRenew = false, pollMs, attemptId } = parts;
  return {
    group: { name: parts.group ?? GROUP },
    messageQueue: { topic: { name: parts.topic ?? TOPIC }, id: parts.queueId ?? 0, broker: { name: 'broker-a' } },
    batchSize: parts.batchSize ?? 32,
    autoRenew,
    ...(autoRenew ? {} : { invisibleDuration: durationFromMs(parts.invisibleMs ?? 30_000) }),
    ...(pollMs === undefined ? {} : { longPollingTimeout: durationFromMs(pollMs) }),
    ...(attemptId === undefined ? {} : { attemptId }),
    filterExpression:
      parts.sql === undefined
        ? { type: FilterType.TAG, expression: parts.tags ?? '*' }
        : { type: FilterType.SQL, expression: parts.sql },
  };
}

export interface ReceivedItems {
  /** Of the items, in order. */
  readonly cases: (string | undefined)[];
  readonly status: Status | undefined;
  readonly messages: Message[];
}

/** One receive, to its end. */
export async function receive(
  client: GrpcTestClient,
  parts: ReceiveParts = {},
  options: CallOptions = {},
): Promise<ReceivedItems> {
  const items = await client.read('receiveMessage', receiveRequest(parts), options);
  let status: Status | undefined;
  const messages: Message[] = [];
  for (const { content } of items) {
    if (content.case === 'status') status = content.value;
    if (content.case === 'message') messages.push(content.value);
  }
  return { cases: items.map(({ content }) => content.case), status, messages };
}

/** A receive while time goes on, to its end. */
export async function receiveLater(
  { clock }: { readonly clock: FakeClock },
  client: GrpcTestClient,
  parts: ReceiveParts = {},
  stepMs = 500,
): Promise<ReceivedItems> {
  let isOver = false;
  const received = receive(client, { pollMs: 5000, ...parts }).finally(() => (isOver = true));
  const moved = async (): Promise<boolean> => {
    if (!isOver) await clock.advanceAsync(stepMs);
    return isOver;
  };
  await waitFor('the end of the receive', moved, { pollMs: 1 });
  return received;
}

export function bodies({ messages }: Pick<ReceivedItems, 'messages'>): string[] {
  return messages.map(({ body }) => Buffer.from(body).toString());
}

export function handleOf(message: Message | undefined): string {
  return message?.systemProperties?.receiptHandle ?? '';
}

export function ack(
  client: GrpcTestClient,
  handles: readonly string[],
  parts: ReceiveParts = {},
): Promise<Answer<'ackMessage'>> {
  return client.call('ackMessage', {
    topic: { name: parts.topic ?? TOPIC },
    group: { name: parts.group ?? GROUP },
    entries: handles.map((receiptHandle, index) => ({ messageId: `id-${index}`, receiptHandle })),
  });
}

export function change(
  client: GrpcTestClient,
  receiptHandle: string,
  invisibleMs: number,
  parts: ReceiveParts & { readonly suspend?: boolean } = {},
): Promise<Answer<'changeInvisibleDuration'>> {
  return client.call('changeInvisibleDuration', {
    topic: { name: parts.topic ?? TOPIC },
    group: { name: parts.group ?? GROUP },
    messageId: 'id-0',
    receiptHandle,
    invisibleDuration: durationFromMs(invisibleMs),
    ...(parts.suspend === undefined ? {} : { suspend: parts.suspend }),
  });
}
