import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { isCodedError } from '../../base/errors.ts';
import { Code, FilterType } from '../../protocol/grpc/definition_pb.ts';
import type { FilterExpression } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest } from '../../protocol/grpc/rpc.ts';
import { sqlFilter, tagFilter } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { parseTagExpression } from '../../protocol/filter/tag.ts';
import { InitMode } from '../../protocol/requests/pop.ts';
import { namesTags } from '../handlers/pullCheck.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { PopWish } from '../pop/popMessages.ts';
import type { CallContext } from './callContext.ts';
import { obtainTopic } from './obtainTopic.ts';
import { Refusal } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

/** What a client wants to receive. */
export interface ReceiveWish {
  readonly pop: PopWish;
  /** Until then it waits for messages. */
  readonly untilMs: number;
  /** Tags to be compared by text; undefined takes all. */
  readonly tags: ReadonlySet<string> | undefined;
  /** Its messages stay invisible for others as long as the client lives. */
  readonly autoRenew: boolean;
}

const MAX_MESSAGES = 32;
/** An answer leaves so long before the client gives up: Rust's deadline is the very time for which it polls. */
const AHEAD_MS = 200;
/** Source: DEFAULT_REQUEST_TIMEOUT of the clients. */
const REQUEST_TIMEOUT_MS = 3000;
/** Source: ReceiveMessageActivity.java; releases before it do not know the code. */
const KNOWS_ILLEGAL_POLLING_TIME = '5.0.3';

/** @throws Refusal */
export async function receiveWish(context: CallContext, request: RpcRequest<'receiveMessage'>): Promise<ReceiveWish> {
  const { broker } = context;
  const { group, messageQueue, filterExpression, batchSize, autoRenew, attemptId } = request;
  const untilMs = pollUntil(context, request.longPollingTimeout);
  const topicName = checkTopic(messageQueue?.topic);
  const groupName = checkGroup(group);
  const invisibleTimeMs = autoRenew ? broker.config.defaultInvisibleTimeMills : invisibleTime(context, request);
  const { filter, tags } = compiledFilter(broker, filterExpression);
  // The store would look for nothing in circles.
  if (batchSize < 1) throw new Refusal(Code.BAD_REQUEST, `batch size ${batchSize} is less than 1`);
  await obtainTopic(broker, topicName);
  const ordered = broker.groups.find(groupName)?.consumeMessageOrderly === true;
  return {
    pop: {
      topic: topicName,
      group: groupName,
      // Whichever queue the client names, since clients ask one after the other and expect all messages of the broker.
      queueId: -1,
      maxMessages: Math.min(batchSize, MAX_MESSAGES),
      invisibleTimeMs,
      initMode: InitMode.MAX,
      filter,
      ordered,
      attemptId,
    },
    untilMs,
    tags,
    autoRenew,
  };
}

/** The time that the client gives, within limits and before its deadline. Source: ReceiveMessageActivity.java. */
export function pollUntil(
  { broker, clients, call, clientId, version }: CallContext,
  longPollingTimeout: Duration | undefined,
): number {
  const { config, steadyClock: clock } = broker;
  const leastMs = config.grpcClientConsumerMinLongPollingTimeoutMillis;
  const mostMs = config.grpcClientConsumerMaxLongPollingTimeoutMillis;
  const leftMs = call.deadlineMs === undefined ? Infinity : call.deadlineMs - clock.now();
  const timeout = clients.get(clientId)?.settings?.requestTimeout;
  const requestTimeoutMs = timeout === undefined ? REQUEST_TIMEOUT_MS : durationMs(timeout);
  const wantedMs = longPollingTimeout === undefined ? leftMs - requestTimeoutMs / 2 : durationMs(longPollingTimeout);
  const pollMs = Math.min(Math.max(wantedMs, leastMs), mostMs);
  if (pollMs > leftMs && leftMs < leastMs) {
    throw new Refusal(
      version < KNOWS_ILLEGAL_POLLING_TIME ? Code.BAD_REQUEST : Code.ILLEGAL_POLLING_TIME,
      'The deadline time remaining is not enough for polling, please check network condition',
    );
  }
  return clock.now() + Math.min(pollMs, leftMs - AHEAD_MS);
}

/** Source: AbstractMessingActivity.java, validateInvisibleTime. */
function invisibleTime({ broker }: CallContext, { invisibleDuration }: RpcRequest<'receiveMessage'>): number {
  const { minInvisibleTimeMillsForRecv, maxInvisibleTimeMills } = broker.config;
  const ms = invisibleDuration === undefined ? 0 : durationMs(invisibleDuration);
  checkInvisibleTime(ms, minInvisibleTimeMillsForRecv, maxInvisibleTimeMills);
  return ms;
}

/** @throws Refusal ILLEGAL_INVISIBLE_TIME */
export function checkInvisibleTime(ms: number, leastMs: number, mostMs: number): void {
  if (ms < leastMs) {
    throw new Refusal(Code.ILLEGAL_INVISIBLE_TIME, `the invisibleTime is too small. min is ${leastMs}`);
  }
  if (ms > mostMs) throw new Refusal(Code.ILLEGAL_INVISIBLE_TIME, `the invisibleTime is too large. max is ${mostMs}`);
}

/** @throws Refusal ILLEGAL_FILTER_EXPRESSION */
export function compiledFilter(
  { config }: BrokerContext,
  expression: FilterExpression | undefined,
): { readonly filter: MessageFilter; readonly tags: ReadonlySet<string> | undefined } {
  const text = expression?.expression ?? '';
  if (expression?.type !== FilterType.SQL) {
    if (!namesTags(text)) throw illegalFilter('subString split error');
    const tags = parseTagExpression(text);
    return { filter: tagFilter(text), tags: tags.length === 0 ? undefined : new Set(tags) };
  }
  if (!config.enablePropertyFilter) {
    throw new Refusal(Code.INTERNAL_SERVER_ERROR, 'The broker does not support consumer to filter message by SQL92');
  }
  try {
    return { filter: sqlFilter(text), tags: undefined };
  } catch (error) {
    if (!isCodedError(error, 'filter-illegal')) throw error;
    throw illegalFilter(String(error.details['reason']));
  }
}

function illegalFilter(reason: string): Refusal {
  return new Refusal(Code.ILLEGAL_FILTER_EXPRESSION, reason);
}
