import { isCodedError } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { decodeMessages, encodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import {
  encodePopReceipt,
  messageOffsetInfo,
  orderCountInfo,
  retryFlagOf,
  startOffsetInfo,
} from '../../protocol/popReceipt.ts';
import { popMessageResponse } from '../../protocol/requests/pop.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { PopWish, Popped, PoppedQueue } from '../pop/popMessages.ts';

export function foundReply(broker: BrokerContext, wish: PopWish, popped: Popped): Reply {
  return {
    code: ResponseCode.SUCCESS,
    remark: 'FOUND',
    extFields: fieldsOf(wish, popped),
    body: popped.queues.flatMap((queue) => recordsOf(broker, wish, popped, queue)),
  };
}

export function notFoundReply(wish: PopWish, popped: Popped, code: number): Reply {
  return { code, remark: 'NO_MESSAGE_IN_QUEUE', extFields: fieldsOf(wish, popped) };
}

function fieldsOf({ invisibleTimeMs, ordered }: PopWish, popped: Popped): Record<string, string> {
  const { queues, popTime, reviveQueueId, restNum } = popped;
  const list = (item: (queue: PoppedQueue) => string): string => queues.map(item).join(';');
  return encodeFields(popMessageResponse, {
    popTime,
    invisibleTime: invisibleTimeMs,
    reviveQid: reviveQueueId,
    restNum,
    startOffsetInfo: list(({ topic, queueId, startOffset }) => startOffsetInfo(topic, queueId, startOffset)),
    msgOffsetInfo: list(({ topic, queueId, offsets }) => messageOffsetInfo(topic, queueId, offsets)),
    orderCountInfo: ordered
      ? list(({ topic, queueId, order }) =>
          orderCountInfo(topic, queueId, order?.counts ?? new Map<number, number>(), order?.least ?? 0),
        )
      : undefined,
  });
}

/**
 * Messages that came again look as if they were still in their topic, and bring their receipt along.
 * Broker sheet §12.1, 6.
 */
function recordsOf(broker: BrokerContext, wish: PopWish, popped: Popped, queue: PoppedQueue): readonly Buffer[] {
  if (queue.topic === wish.topic || broker.config.popResponseReturnActualRetryTopic) return queue.records;
  const receipt = (offset: number): string =>
    encodePopReceipt({
      startOffset: queue.startOffset,
      popTime: popped.popTime,
      invisibleTime: wish.invisibleTimeMs,
      reviveQueueId: popped.reviveQueueId,
      retry: retryFlagOf(queue.topic),
      brokerName: broker.config.brokerName,
      queueId: queue.queueId,
      offset,
    });
  return queue.records
    .flatMap((piece) => decodeMessages(piece))
    .map((message) => inTopic(message, wish.topic, receipt(message.queueOffset)));
}

function inTopic(message: StoredMessage, topic: string, receipt: string): Buffer {
  const properties = decodeProperties(message.properties);
  if (!properties.has(PropertyName.POP_CK)) properties.set(PropertyName.POP_CK, receipt);
  try {
    return encodeMessage({ ...message, topic, properties: encodeProperties(properties) });
  } catch (error) {
    // No room for the receipt: the client makes it from the lists, as long as it sees the real topic.
    if (isCodedError(error, 'properties-too-large')) return encodeMessage(message);
    throw error;
  }
}
