import { CodedError, errorText, isCodedError } from '../base/errors.ts';
import type { ErrorCode } from '../base/errors.ts';
import { Perm } from '../protocol/bodies/route.ts';
import type { TopicRoute } from '../protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import type { RemotingCommand } from '../protocol/command.ts';
import { decodeFields, encodeFields } from '../protocol/fields.ts';
import { TOOLS_PRODUCER_GROUP } from '../protocol/groupName.ts';
import { sendMessage, sendMessageResponse, shrinkToLetters } from '../protocol/requests/send.ts';
import type { ClusterContext } from './clusterContext.ts';
import { responseError } from './connectionPool.ts';
import type { OutgoingMessage, SendReceipt, SendStatus } from './model.ts';
import { prepareProperties } from './outgoing.ts';
import { routeQueues } from './routeQueues.ts';
import type { RouteQueue } from './routeQueues.ts';

/** As DefaultMQProducer: one attempt and `retryTimesWhenSendFailed` more. */
const MAX_ATTEMPTS = 3;

/** Answers after which DefaultMQProducer tries another broker; remoting sheet §2. */
const RETRYABLE_CODES: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.NO_PERMISSION,
  ResponseCode.TOPIC_NOT_EXIST,
  204, // NO_BUYER_ID
  205, // NOT_IN_CURRENT_UNIT
  1500, // GO_AWAY
]);

const RETRYABLE_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'address-unresolved',
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'connection-closed',
  'not-rocketmq',
  'frame-illegal',
  'frame-too-large',
]);

const STATUS_OF: ReadonlyMap<number, SendStatus> = new Map([
  [ResponseCode.SUCCESS, 'SEND_OK'],
  [ResponseCode.FLUSH_DISK_TIMEOUT, 'FLUSH_DISK_TIMEOUT'],
  [ResponseCode.SLAVE_NOT_AVAILABLE, 'SLAVE_NOT_AVAILABLE'],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, 'FLUSH_SLAVE_TIMEOUT'],
]);

/** How long a route is used before it is asked for again (`pollNameServerInterval`). */
const ROUTE_AGE_MS = 30_000;

/** Sends messages to the queues of a topic in turn. */
export class Producer {
  readonly #context: ClusterContext;
  readonly #nextUniqueKey: () => string;
  readonly #targets = new Map<string, Targets>();

  constructor(context: ClusterContext, nextUniqueKey: () => string) {
    this.#context = context;
    this.#nextUniqueKey = nextUniqueKey;
  }

  /**
   * Sends within the context's timeout, three attempts included. The topic is never created by sending.
   * @throws CodedError of `prepareProperties`; `topic-not-found`, `no-writable-queue`; `request-timeout`, after which the
   * message may have been stored all the same; `response-error` and the errors of connecting, of the last attempt
   */
  async send(message: OutgoingMessage): Promise<SendReceipt> {
    const { clock, timeoutMs, logger } = this.#context;
    const uniqueKey = this.#nextUniqueKey();
    const properties = prepareProperties(message, uniqueKey);
    const deadlineMs = clock.now() + timeoutMs;
    let failedBroker: string | undefined;
    let lastError: unknown;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 0 && clock.now() >= deadlineMs) break;
      let target: RouteQueue | undefined;
      try {
        const known = attempt === 0 ? this.#freshTargets(message.topic) : undefined;
        target = nextTarget(known ?? (await this.#readTargets(message.topic, deadlineMs)), failedBroker);
        return await this.#sendTo(target, message, { properties, uniqueKey, deadlineMs });
      } catch (error) {
        if (target === undefined || !isRetryable(error)) throw error;
        logger.warn(`attempt ${attempt + 1} to send to ${target.brokerName} failed: ${errorText(error)}`);
        failedBroker = target.brokerName;
        lastError = error;
      }
    }
    throw lastError;
  }

  /** What is known of the topic and young enough; after a failure the queues may be elsewhere, so it is read anew. */
  #freshTargets(topic: string): Targets | undefined {
    const known = this.#targets.get(topic);
    return known !== undefined && this.#context.clock.now() - known.readAtMs < ROUTE_AGE_MS ? known : undefined;
  }

  async #readTargets(topic: string, deadlineMs: number): Promise<Targets> {
    const known = this.#targets.get(topic);
    const nowMs = this.#context.clock.now();
    const leftMs = deadlineMs - nowMs;
    let route: TopicRoute;
    try {
      // With an older route to fall back on, half of the time is kept for sending.
      route = await this.#context.nameServers.route(topic, known === undefined ? leftMs : leftMs / 2);
    } catch (error) {
      if (isCodedError(error, 'topic-not-found')) this.#targets.delete(topic);
      else if (known !== undefined) return known;
      throw error;
    }
    const queues = writableQueues(route);
    if (queues.length === 0) throw new CodedError('no-writable-queue', { topic });
    const targets = { queues, readAtMs: nowMs, next: known?.next ?? 0 };
    this.#targets.set(topic, targets);
    return targets;
  }

  async #sendTo(
    { address, brokerName, queueId }: RouteQueue,
    { topic, body }: OutgoingMessage,
    given: { readonly properties: string; readonly uniqueKey: string; readonly deadlineMs: number },
  ): Promise<SendReceipt> {
    const { clock, pool } = this.#context;
    const startMs = clock.now();
    // The route may have taken all the time there was.
    const timeoutMs = Math.max(1, given.deadlineMs - startMs);
    const fields = encodeFields(sendMessage, {
      producerGroup: TOOLS_PRODUCER_GROUP,
      topic,
      // The template of auto-creation. The topic itself is none, so a topic deleted meanwhile does not come back.
      defaultTopic: topic,
      defaultTopicQueueNums: 4,
      queueId,
      sysFlag: 0,
      bornTimestamp: startMs,
      flag: 0,
      properties: given.properties,
      reconsumeTimes: 0,
      unitMode: false,
      batch: false,
      bname: brokerName,
    });
    const parts = { code: RequestCode.SEND_MESSAGE_V2, extFields: shrinkToLetters(fields), body };
    const answer = await pool.request(address, parts, { timeoutMs });
    const status = STATUS_OF.get(answer.code);
    if (status === undefined) throw sendError(address, topic, answer);
    const stored = decodeFields(sendMessageResponse, answer.extFields);
    return {
      status,
      messageId: given.uniqueKey,
      offsetMessageId: stored.msgId,
      brokerName,
      queueId: stored.queueId,
      offset: stored.queueOffset,
      elapsedMs: clock.now() - startMs,
    };
  }
}

interface Targets {
  readonly queues: readonly RouteQueue[];
  readonly readAtMs: number;
  next: number;
}

/** Queues of masters: slaves take no messages. */
function writableQueues(route: TopicRoute): readonly RouteQueue[] {
  return routeQueues(
    route,
    Perm.WRITE,
    ({ writeQueueNums }) => writeQueueNums,
    ({ brokerAddrs }) => brokerAddrs.get(0),
  );
}

/** The next queue in turn, on another broker than the one that failed where there is another. */
function nextTarget(targets: Targets, failedBroker: string | undefined): RouteQueue {
  const { queues } = targets;
  let chosen: RouteQueue | undefined;
  for (let step = 0; step < queues.length; step += 1) {
    chosen = queues[targets.next % queues.length];
    targets.next = (targets.next + 1) % queues.length;
    if (chosen !== undefined && chosen.brokerName !== failedBroker) return chosen;
  }
  if (chosen === undefined) throw new CodedError('internal', { reason: 'no queue to choose from' });
  return chosen;
}

function sendError(address: string, topic: string, answer: RemotingCommand): CodedError {
  const error = responseError(address, RequestCode.SEND_MESSAGE_V2, answer);
  if (answer.code !== ResponseCode.TOPIC_NOT_EXIST) return error;
  return new CodedError('topic-not-found', { topic }, { cause: error });
}

function isRetryable(error: unknown): boolean {
  if (isCodedError(error, 'response-error')) return RETRYABLE_CODES.has(Number(error.details['responseCode']));
  return isCodedError(error, 'topic-not-found') || (isCodedError(error) && RETRYABLE_ERRORS.has(error.code));
}
