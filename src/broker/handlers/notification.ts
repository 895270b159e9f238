import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { TAKES_ALL } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import {
  notification as notificationFields,
  notificationResponse,
  pollingInfo as pollingInfoFields,
  pollingInfoResponse,
} from '../../protocol/requests/pop.ts';
import type { Notification } from '../../protocol/requests/pop.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { hasMatching, hasUnread } from '../pop/unread.ts';
import { success } from '../reply.ts';
import { AHEAD_MS, MAX_POLL_MS, answerLate, bornTimeOf } from './heldPop.ts';
import { checkBrokerReadable, checkPopQueue } from './popCheck.ts';
import { arrivalFilter, popFilter } from './popFilter.ts';

type BornNotification = Notification & { readonly bornTime: number };

/** NOTIFICATION 200054: tells as soon as there is a message to pop. Source: NotificationProcessor.java. */
export function notification(broker: BrokerContext, request: IncomingRequest): Promise<Reply | undefined> {
  const header = decodeFields(notificationFields, request.command.extFields);
  return answerOrHold(broker, request, { ...header, bornTime: bornTimeOf(broker, header) });
}

async function answerOrHold(
  broker: BrokerContext,
  request: IncomingRequest,
  header: BornNotification,
): Promise<Reply | undefined> {
  const { topic, consumerGroup: group, queueId, order, attemptId } = header;
  const refusal = checkBrokerReadable(broker, 'peeking') ?? checkPopQueue(broker, header, request.connection);
  if (refusal !== undefined) return { ...refusal, extFields: fields(false, false) };
  const filter = filterOf(broker, header);
  if ('code' in filter) return { ...filter, extFields: fields(false, false) };
  const question = { topic, group, queueId, ordered: order === true, attemptId, withRetries: true };
  if (filter === TAKES_ALL && hasUnread(broker, question)) return success(fields(true, false));

  const untilMs = header.bornTime + Math.min(header.pollTime, MAX_POLL_MS) - AHEAD_MS;
  const mayWait = header.pollTime > 0 && broker.steadyClock.now() <= untilMs;
  // Held before the queues are read: what arrives meanwhile is an answer too.
  const held = mayWait ? hold(broker, request, header, filter, untilMs) : undefined;
  const isFound = filter !== TAKES_ALL && (await hasMatching(broker, question, filter));
  if (held?.isWaiting() === false || (held !== undefined && !isFound)) return undefined;
  held?.release();
  return success(fields(isFound, mayWait && held === undefined && !isFound));
}

/** One without a type is none. Source: NotificationProcessor.java of 5.5.0. */
function filterOf(broker: BrokerContext, { exp, expType = '' }: Notification): Reply | MessageFilter {
  const isObeyed = broker.config.useMessageFilterForNotification && expType !== '';
  return isObeyed ? popFilter(broker, { exp, expType }) : TAKES_ALL;
}

interface Held {
  readonly isWaiting: () => boolean;
  readonly release: () => void;
}

/** Undefined when too many wait already. */
function hold(
  broker: BrokerContext,
  request: IncomingRequest,
  header: BornNotification,
  filter: MessageFilter,
  untilMs: number,
): Held | undefined {
  let isWaiting = true;
  const held = broker.pops.notices.hold({
    topic: header.topic,
    group: header.consumerGroup,
    queueId: header.queueId,
    untilMs: untilMs + 1,
    matches: arrivalFilter(filter),
    resume: () => {
      isWaiting = false;
      closing.dispose();
      void answerLate(broker, request, () => answerOrHold(broker, request, header));
    },
  });
  if (held === undefined) return undefined;
  const release = (): void => {
    isWaiting = false;
    closing.dispose();
    held.dispose();
  };
  const closing = request.connection.onClose(release);
  return { isWaiting: () => isWaiting, release };
}

function fields(hasMsg: boolean, pollingFull: boolean): Record<string, string> {
  return encodeFields(notificationResponse, { hasMsg, pollingFull });
}

/** POLLING_INFO 200055: how many pops of a group wait for a queue. Source: PollingInfoProcessor.java. */
export function pollingInfo(broker: BrokerContext, { command, connection }: IncomingRequest): Reply {
  const header = decodeFields(pollingInfoFields, command.extFields);
  const { topic, consumerGroup: group, queueId } = header;
  const count = (pollingNum: number): Record<string, string> => encodeFields(pollingInfoResponse, { pollingNum });
  const refusal = checkBrokerReadable(broker, 'peeking') ?? checkPopQueue(broker, header, connection);
  if (refusal !== undefined) return { ...refusal, extFields: count(0) };
  return { code: ResponseCode.SUCCESS, extFields: count(broker.pops.held.count(topic, group, queueId)) };
}
