import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import {
  notification as notificationFields,
  notificationResponse,
  pollingInfo as pollingInfoFields,
  pollingInfoResponse,
} from '../../protocol/requests/pop.ts';
import type { Notification } from '../../protocol/requests/pop.ts';
import type { IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { hasUnread } from '../pop/unread.ts';
import { success } from '../reply.ts';
import { AHEAD_MS, MAX_POLL_MS, answerLate, bornTimeOf } from './heldPop.ts';
import { checkBrokerReadable, checkPopQueue } from './popCheck.ts';

type BornNotification = Notification & { readonly bornTime: number };

/** NOTIFICATION 200054: tells as soon as there is a message to pop. Source: NotificationProcessor.java. */
export function notification(broker: BrokerContext, request: IncomingRequest): Reply | undefined {
  const header = decodeFields(notificationFields, request.command.extFields);
  return answerOrHold(broker, request, { ...header, bornTime: bornTimeOf(broker, header) });
}

function answerOrHold(broker: BrokerContext, request: IncomingRequest, header: BornNotification): Reply | undefined {
  const { connection } = request;
  const { topic, consumerGroup: group, queueId, order, attemptId } = header;
  const refusal = checkBrokerReadable(broker, 'peeking') ?? checkPopQueue(broker, header, connection);
  if (refusal !== undefined) return { ...refusal, extFields: fields(false, false) };
  if (hasUnread(broker, { topic, group, queueId, ordered: order === true, attemptId, withRetries: true })) {
    return success(fields(true, false));
  }
  const untilMs = header.bornTime + Math.min(header.pollTime, MAX_POLL_MS) - AHEAD_MS;
  if (header.pollTime <= 0 || broker.clock.now() > untilMs) return success(fields(false, false));
  const held = broker.pops.notices.hold({
    topic,
    group,
    queueId,
    untilMs: untilMs + 1,
    resume: () => {
      closing.dispose();
      void answerLate(broker, request, () => answerOrHold(broker, request, header));
    },
  });
  const closing = connection.onClose(() => held?.dispose());
  if (held !== undefined) return undefined;
  closing.dispose();
  return success(fields(false, true));
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
