import { CodedError } from '../base/errors.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import { decodeFields, encodeFields } from '../protocol/fields.ts';
import { TOOLS_CONSUMER_GROUP } from '../protocol/groupName.ts';
import { decodeMessages } from '../protocol/message.ts';
import { offsetResponse, queuePosition, searchOffset } from '../protocol/requests/offset.ts';
import { PullSysFlag, pullMessage, pullMessageResponse } from '../protocol/requests/pull.ts';
import { responseError } from './connectionPool.ts';
import type { CallOptions, ConnectionPool } from './connectionPool.ts';
import { receivedMessage } from './receivedMessage.ts';
import type { ReceivedMessage } from './receivedMessage.ts';

/** One queue, and the broker that is asked for it. */
export interface QueueAt {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly address: string;
}

export interface Pulled {
  readonly messages: readonly ReceivedMessage[];
  /** Where to go on. */
  readonly nextOffset: number;
}

const PULL_CODES: ReadonlySet<number> = new Set([
  ResponseCode.SUCCESS,
  ResponseCode.PULL_NOT_FOUND,
  ResponseCode.PULL_RETRY_IMMEDIATELY,
  ResponseCode.PULL_OFFSET_MOVED,
]);

/** How long the broker may hold a pull on an empty end, and how long we wait for it; remoting sheet §5.5. */
const SUSPEND_MS = 15_000;
const PULL_TIMEOUT_MS = 30_000;
const MAX_MESSAGES = 32;

/**
 * Reads from `offset` on; while there is nothing new it `waits` at the broker (default), up to 15 s. It brings its
 * subscription along and commits nothing, so no group has to exist or be joined for it.
 * @throws CodedError `topic-not-found`, `response-error` and the errors of connecting
 */
export async function pull(
  pool: ConnectionPool,
  queue: QueueAt,
  offset: number,
  { signal, waits = true }: { readonly signal?: AbortSignal; readonly waits?: boolean } = {},
): Promise<Pulled> {
  const extFields = encodeFields(pullMessage, {
    consumerGroup: TOOLS_CONSUMER_GROUP,
    topic: queue.topic,
    queueId: queue.queueId,
    queueOffset: offset,
    maxMsgNums: MAX_MESSAGES,
    sysFlag: PullSysFlag.SUBSCRIPTION | (waits ? PullSysFlag.SUSPEND : 0),
    commitOffset: 0,
    suspendTimeoutMillis: waits ? SUSPEND_MS : 0,
    subscription: '*',
    subVersion: 0,
    expressionType: 'TAG',
  });
  const parts = { code: RequestCode.PULL_MESSAGE, extFields };
  const answer = await pool.request(queue.address, parts, { timeoutMs: PULL_TIMEOUT_MS, signal });
  if (answer.code === ResponseCode.TOPIC_NOT_EXIST) throw new CodedError('topic-not-found', { topic: queue.topic });
  if (!PULL_CODES.has(answer.code)) throw responseError(queue.address, parts.code, answer);
  const { nextBeginOffset, minOffset, maxOffset } = decodeFields(pullMessageResponse, answer.extFields);
  const stored = answer.code === ResponseCode.SUCCESS ? decodeMessages(answer.body) : [];
  return {
    // Records of an older release may begin before the offset asked for.
    messages: stored
      .filter(({ queueOffset }) => queueOffset >= offset)
      .map((message) => receivedMessage(message, queue.brokerName)),
    // Past the end the queue began anew: nothing that is in it was read yet.
    nextOffset: answer.code === ResponseCode.PULL_OFFSET_MOVED && offset > maxOffset ? minOffset : nextBeginOffset,
  };
}

/** The offset that the next message of the queue gets. */
export function readMaxOffset(pool: ConnectionPool, queue: QueueAt, options: CallOptions): Promise<number> {
  return readOffset(pool, queue, RequestCode.GET_MAX_OFFSET, encodeFields(queuePosition, queue), options);
}

/** The offset of the oldest message that is left. */
export function readMinOffset(pool: ConnectionPool, queue: QueueAt, options: CallOptions): Promise<number> {
  return readOffset(pool, queue, RequestCode.GET_MIN_OFFSET, encodeFields(queuePosition, queue), options);
}

/** The offset of the first message that was stored at `sinceMs` or later. */
export function findOffset(
  pool: ConnectionPool,
  queue: QueueAt,
  sinceMs: number,
  options: CallOptions,
): Promise<number> {
  const extFields = encodeFields(searchOffset, { topic: queue.topic, queueId: queue.queueId, timestamp: sinceMs });
  return readOffset(pool, queue, RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, extFields, options);
}

async function readOffset(
  pool: ConnectionPool,
  queue: QueueAt,
  code: number,
  extFields: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<number> {
  const answer = await pool.call(queue.address, { code, extFields }, options);
  // A queue that never held a message has no files yet, and some releases say -1 for it.
  return Math.max(0, decodeFields(offsetResponse, answer.extFields).offset);
}
