import { isCodedError } from '../../base/errors.ts';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import { liteQueue } from '../../protocol/liteTopic.ts';
import { encodePopReceipt, heldTopic, parsePopReceipt } from '../../protocol/popReceipt.ts';
import type { PopReceipt } from '../../protocol/popReceipt.ts';
import { checkPoppedQueue, checkReviveQueue } from '../handlers/popCheck.ts';
import type { PoppedMessages } from '../pop/ackMessages.ts';
import type { CallContext } from './callContext.ts';
import { Refusal } from './refusal.ts';

/*
 * handle = receipt of a pop [SP physicalOffset [SP liteTopic]]. To clients it is opaque. Source: ReceiptHandle.java; gRPC sheet §4.6.
 */

/** One message that a client received, as its handle says it. */
export interface ReceivedMessage {
  /** As the pops know it. */
  readonly messages: PoppedMessages;
  readonly receipt: PopReceipt;
  /** In the queue. */
  readonly offset: number;
  /** In the log; undefined for a handle that does not say it. */
  readonly physicalOffset: number | undefined;
  /** Undefined for a message of none. */
  readonly liteTopic: string | undefined;
}

/** The lite topic too, since clients of Rust do not give it back. */
export function encodeHandle(receipt: PopReceipt, physicalOffset: number | undefined, liteTopic?: string): string {
  const text = encodePopReceipt(receipt);
  if (physicalOffset === undefined) return text;
  return liteTopic === undefined ? `${text} ${physicalOffset}` : `${text} ${physicalOffset} ${liteTopic}`;
}

/**
 * The message is not renewed any more. Whatever is wrong with a handle is INVALID_RECEIPT_HANDLE: clients repeat a request for ever on any other code.
 * Apache's proxy says INTERNAL_SERVER_ERROR to one that cannot be read.
 * @throws Refusal INVALID_RECEIPT_HANDLE
 */
export async function receivedMessage(
  { broker, session, clients, clientId, renewals }: CallContext,
  { topic, group, handle }: { readonly topic: string; readonly group: string; readonly handle: string },
): Promise<ReceivedMessage> {
  const receipt = readReceipt(handle);
  const { startOffset, popTime, invisibleTime, reviveQueueId, brokerName, queueId, offset, retry } = receipt;
  if (offset === undefined || brokerName !== broker.config.brokerName) {
    throw invalid('receipt handle is of another broker');
  }
  const [, , , , , , , , place, liteTopic] = handle.split(' ');
  const held = {
    topic: liteTopic === undefined ? heldTopic(topic, group, retry) : liteQueue(topic, liteTopic),
    queueId,
  };
  const client = clients.get(clientId);
  const renewed = client && (await renewals.take(client, { topic: held.topic, queueId, group, offset }));
  const messages = renewed ?? {
    topic: held.topic,
    queueId,
    group,
    startOffset,
    popTime,
    invisibleTime,
    reviveQueueId,
    brokerName,
  };
  if (messages.popTime + messages.invisibleTime <= broker.clock.now()) throw invalid('receipt handle is expired');
  const refusal =
    checkPoppedQueue(broker, liteTopic === undefined ? held : { topic, queueId }, session) ??
    checkReviveQueue(broker, reviveQueueId);
  if (refusal !== undefined) throw invalid(refusal.remark ?? '');
  if (offset < broker.store.minOffset(held.topic, queueId) || offset >= broker.store.maxOffset(held.topic, queueId)) {
    throw invalid(`offset ${offset} is outside of the queue`);
  }
  return {
    messages,
    receipt,
    offset,
    physicalOffset: place !== undefined && /^\d{1,15}$/.test(place) ? Number(place) : undefined,
    liteTopic,
  };
}

function readReceipt(handle: string): PopReceipt {
  try {
    return parsePopReceipt(handle);
  } catch (error) {
    if (isCodedError(error, 'header-illegal')) throw invalid('receipt handle cannot be read');
    throw error;
  }
}

export function invalid(message: string): Refusal {
  return new Refusal(Code.INVALID_RECEIPT_HANDLE, message);
}
