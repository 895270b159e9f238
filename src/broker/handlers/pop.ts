import { setImmediate as nextTurn } from 'node:timers/promises';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { popMessage as popFields, popMessageResponse } from '../../protocol/requests/pop.ts';
import type { PopMessage } from '../../protocol/requests/pop.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { popMessages } from '../pop/popMessages.ts';
import type { PopWish, Popped } from '../pop/popMessages.ts';
import { hasUnread } from '../pop/unread.ts';
import { storeRefusal } from '../putMessage.ts';
import { settledSince } from '../settled.ts';
import { AHEAD_MS, MAX_POLL_MS, answerLate, bornTimeOf } from './heldPop.ts';
import { checkBrokerReadable, checkPopQueue } from './popCheck.ts';
import { arrivalFilter, popFilter } from './popFilter.ts';
import { foundReply, notFoundReply } from './popReply.ts';

const MAX_MESSAGES = 32;
/** How late a request may be, by the clock of its client. */
const MAX_LATE_MS = 500;
/** What Java's response header has before it is filled. */
const EMPTY_POP_FIELDS = encodeFields(popMessageResponse, {
  popTime: 0,
  invisibleTime: 0,
  reviveQid: 0,
  restNum: 0,
});

/** POP_MESSAGE 200050. Source: PopMessageProcessor.java; broker sheet §12.1. */
export function popMessage(broker: BrokerContext, request: IncomingRequest): Promise<Reply | undefined> {
  const header = decodeFields(popFields, request.command.extFields);
  const bornTime = bornTimeOf(broker, header);
  return answerOrHold(broker, request, { ...header, bornTime });
}

type BornPop = PopMessage & { readonly bornTime: number };

/** By the permissions of now, also when the pop was held: they may have changed since it came. */
async function answerOrHold(
  broker: BrokerContext,
  request: IncomingRequest,
  header: BornPop,
): Promise<Reply | undefined> {
  for (;;) {
    const wish = checkPop(broker, request, header);
    if ('code' in wish) return { ...wish, extFields: EMPTY_POP_FIELDS };
    let popped: Popped;
    const before = broker.store.reservedOffset;
    try {
      popped = await popMessages(broker, wish);
    } catch (error) {
      const refusal = storeRefusal(broker, error);
      if (refusal === undefined) throw error;
      return { ...refusal, extFields: EMPTY_POP_FIELDS };
    }
    if (popped.queues.length > 0) {
      if (popped.restNum > 0) broker.pops.held.wake(wish.topic, wish.group, wish.queueId);
      await settledSince(broker, before);
      return foundReply(broker, wish, popped);
    }
    const untilMs = header.bornTime + Math.min(header.pollTime, MAX_POLL_MS);
    const mayWait = header.pollTime > 0 && request.connection.isOpen;
    if (!mayWait) return notFoundReply(wish, popped, ResponseCode.POLLING_TIMEOUT);
    if (broker.steadyClock.now() > untilMs - AHEAD_MS) return notFoundReply(wish, popped, ResponseCode.POLLING_TIMEOUT);
    // What arrived since the queues were read would wake nobody.
    if (!hasUnread(broker, { ...wish, withRetries: !wish.ordered })) {
      const isHeld = hold(broker, request, header, wish, untilMs - AHEAD_MS);
      return isHeld ? undefined : notFoundReply(wish, popped, ResponseCode.POLLING_FULL);
    }
    await nextTurn();
  }
}

/** Until something arrives that may be for it, the time is over or the connection closes. */
function hold(
  broker: BrokerContext,
  request: IncomingRequest,
  header: BornPop,
  { topic, group, queueId, filter }: PopWish,
  untilMs: number,
): boolean {
  const { connection } = request;
  const held = broker.pops.held.hold({
    topic,
    group,
    queueId,
    untilMs: untilMs + 1,
    matches: arrivalFilter(filter),
    resume: () => {
      closing.dispose();
      void answerLate(broker, request, () => answerOrHold(broker, request, header));
    },
  });
  const closing = connection.onClose(() => held?.dispose());
  if (held === undefined) closing.dispose();
  return held !== undefined;
}

/** A refusal, or what is to be popped. */
function checkPop(broker: BrokerContext, { connection }: IncomingRequest, header: BornPop): Reply | PopWish {
  const { config, steadyClock } = broker;
  const { topic, consumerGroup: group, queueId, maxMsgNums, invisibleTime, initMode, order, attemptId } = header;
  const host = config.brokerIP1;
  if (steadyClock.now() - header.bornTime - header.pollTime > MAX_LATE_MS) {
    return { code: ResponseCode.POLLING_TIMEOUT, remark: `the broker[${host}] pop message is timeout too much` };
  }
  const unreadable = checkBrokerReadable(broker, 'pop');
  if (unreadable !== undefined) return unreadable;
  if (maxMsgNums > MAX_MESSAGES)
    return illegal(`the broker[${host}] pop message's num is greater than ${MAX_MESSAGES}`);
  if (!config.timerWheelEnable) {
    return {
      code: ResponseCode.SYSTEM_ERROR,
      remark: `the broker[${host}] pop message is forbidden because timerWheelEnable is false`,
    };
  }
  const refusal = checkPopQueue(broker, header, connection);
  if (refusal !== undefined) return refusal;
  // Apache's broker would turn in circles with the one, and never give the queue's offset on with the other.
  if (maxMsgNums < 1) return illegal(`the broker[${host}] pop message's num is less than 1`);
  if (invisibleTime > config.timerMaxDelaySec * 1000) {
    return illegal(`the broker[${host}] pop message's invisibleTime is greater than ${config.timerMaxDelaySec} s`);
  }
  const filter = popFilter(broker, header);
  if ('code' in filter) return filter;
  const ordered = order === true;
  return {
    topic,
    group,
    queueId,
    maxMessages: maxMsgNums,
    invisibleTimeMs: invisibleTime,
    initMode,
    filter,
    ordered,
    attemptId,
  };
}

function illegal(remark: string): Reply {
  return { code: ResponseCode.INVALID_PARAMETER, remark };
}
