import { CodedError } from '../../base/errors.ts';
import { stringifyFastjson } from '../fastjson.ts';
import type { FastjsonObject } from '../fastjson.ts';
import type { RetryFlag } from '../popReceipt.ts';
import { enumAt, isObject, numberAt, objectAt, objectsAt, readBody, textAt } from './read.ts';
import type { MessageQueue } from './topic.ts';

/* Remoting sheet §3.4. */

/** Messages of one pop and queue that were consumed, as BATCH_ACK_MESSAGE names them. */
export interface BatchAck {
  readonly group: string;
  /** As the consumer knows it. */
  readonly topic: string;
  readonly retry: RetryFlag;
  readonly startOffset: number;
  readonly queueId: number;
  readonly reviveQueueId: number;
  readonly popTime: number;
  readonly invisibleTime: number;
  /** Ascending. */
  readonly offsets: readonly number[];
}

export interface BatchAckBody {
  readonly brokerName: string;
  readonly acks: readonly BatchAck[];
}

/** No pop gives out more messages of a queue; an ordered one may skip others between them. */
const MAX_BITS = 1_000_000;

/** Short and long names of fields. @throws CodedError `json-illegal`, `header-illegal` for a retry flag of no kind */
export function decodeBatchAck(body: Buffer): BatchAckBody {
  const json = body.length === 0 ? {} : readBody(body);
  return { brokerName: textAt(json, 'brokerName'), acks: objectsAt(json, 'acks').map(readBatchAck) };
}

function readBatchAck(ack: FastjsonObject): BatchAck {
  const text = (short: string, long: string): string => textAt(ack, short, textAt(ack, long));
  const number = (short: string, long: string): number => numberAt(ack, short, numberAt(ack, long));
  const retry = text('r', 'retry');
  if (retry !== '0' && retry !== '1' && retry !== '2') {
    throw new CodedError('header-illegal', { field: 'retry', reason: 'getRetry fail, format is wrong' });
  }
  const startOffset = number('so', 'startOffset');
  return {
    group: text('c', 'consumerGroup'),
    topic: text('t', 'topic'),
    retry,
    startOffset,
    queueId: number('q', 'queueId'),
    reviveQueueId: number('rq', 'reviveQueueId'),
    popTime: number('pt', 'popTime'),
    invisibleTime: number('it', 'invisibleTime'),
    offsets: setBits(Buffer.from(text('b', 'bitSet'), 'base64')).map((bit) => startOffset + bit),
  };
}

/** Positions of set bits, the lowest bit of the first byte being 0, as Java's BitSet.toByteArray has them. */
function setBits(bytes: Buffer): number[] {
  const positions: number[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_BITS / 8); at += 1) {
    const byte = bytes[at] ?? 0;
    for (let bit = 0; byte >> bit > 0; bit += 1) if (((byte >> bit) & 1) === 1) positions.push(at * 8 + bit);
  }
  return positions;
}

/** How the clients of a group get a topic's messages. Source: SetMessageRequestModeRequestBody.java. */
export interface RequestMode {
  readonly topic: string;
  readonly consumerGroup: string;
  readonly mode: MessageRequestMode;
  /** How many other clients pop a client's queues; 0 or less is all. */
  readonly popShareQueueNum: number;
}

export const MESSAGE_REQUEST_MODES = ['PULL', 'POP'] as const;
export type MessageRequestMode = (typeof MESSAGE_REQUEST_MODES)[number];

/** @throws CodedError `json-illegal` */
export function decodeRequestMode(body: Buffer): RequestMode {
  return readRequestMode(readBody(body));
}

/** Topic → group → mode. */
export type RequestModeTable = Map<string, Map<string, RequestMode>>;

/** `config/messageRequestMode.json` and the answer to GET_ALL_MESSAGE_REQUEST_MODE. */
export function encodeRequestModes(table: RequestModeTable): Buffer {
  const topics = [...table].map(([topic, groups]) => [topic, Object.fromEntries(groups)] as const);
  return Buffer.from(stringifyFastjson({ messageRequestModeMap: Object.fromEntries(topics) }));
}

/** @throws CodedError `json-illegal` */
export function decodeRequestModes(body: Buffer): RequestModeTable {
  const table: RequestModeTable = new Map();
  for (const [topic, groups] of Object.entries(objectAt(readBody(body), 'messageRequestModeMap'))) {
    const modes = new Map<string, RequestMode>();
    for (const [group, mode] of Object.entries(isObject(groups) ? groups : {})) {
      if (isObject(mode)) modes.set(group, readRequestMode(mode));
    }
    table.set(topic, modes);
  }
  return table;
}

function readRequestMode(mode: FastjsonObject): RequestMode {
  return {
    topic: textAt(mode, 'topic'),
    consumerGroup: textAt(mode, 'consumerGroup'),
    mode: enumAt(mode, 'mode', MESSAGE_REQUEST_MODES),
    popShareQueueNum: numberAt(mode, 'popShareQueueNum'),
  };
}

/** QUERY_ASSIGNMENT 400. Source: QueryAssignmentRequestBody.java. */
export interface AssignmentQuery {
  readonly topic: string;
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly strategyName: string;
  readonly messageModel: 'CLUSTERING' | 'BROADCASTING';
}

/** @throws CodedError `json-illegal` */
export function decodeAssignmentQuery(body: Buffer): AssignmentQuery {
  const json = readBody(body);
  return {
    topic: textAt(json, 'topic'),
    consumerGroup: textAt(json, 'consumerGroup'),
    clientId: textAt(json, 'clientId'),
    strategyName: textAt(json, 'strategyName'),
    messageModel: enumAt(json, 'messageModel', ['CLUSTERING', 'BROADCASTING']),
  };
}

/** Undefined tells the client to keep what it has. */
export function encodeAssignments(queues: readonly MessageQueue[] | undefined, mode: MessageRequestMode): Buffer {
  const messageQueueAssignments = queues?.map(({ topic, brokerName, queueId }) => ({
    messageQueue: { topic, brokerName, queueId },
    mode,
  }));
  return Buffer.from(stringifyFastjson({ messageQueueAssignments }));
}
