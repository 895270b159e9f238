import { ResponseCode } from '../../protocol/codes.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { settled } from '../settled.ts';
import { putBack } from '../handlers/sendBack.ts';
import { storedLightPlaces } from '../store/lightQueues.ts';
import { ackMessages } from '../pop/ackMessages.ts';
import type { CallContext } from './callContext.ts';
import { invalid, receivedMessage } from './receipt.ts';
import type { ReceivedMessage } from './receipt.ts';
import { OK, statusOf } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

/**
 * ForwardMessageToDeadLetterQueue, whatever the client counted. Source: ForwardMessageToDLQActivity.java,
 * ProducerProcessor.java.
 */
export async function forwardMessageToDeadLetterQueue(
  context: CallContext,
  { topic, group, receiptHandle, messageId }: RpcRequest<'forwardMessageToDeadLetterQueue'>,
): Promise<RpcResponse<'forwardMessageToDeadLetterQueue'>> {
  const where = { topic: checkTopic(topic), group: checkGroup(group) };
  const received = await receivedMessage(context, { ...where, handle: receiptHandle });
  await checkPlace(context.broker, received);
  const reply = await toDeadLetters(context.broker, received, { topic: where.topic, messageId });
  return { status: reply.code === ResponseCode.SUCCESS ? OK : statusOf(reply) };
}

/**
 * The handle comes from the client, who may not read every record of the log.
 * @throws Refusal INVALID_RECEIPT_HANDLE for the place of another record
 */
async function checkPlace(
  broker: BrokerContext,
  { messages: { topic, queueId }, offset, physicalOffset, liteTopic }: ReceivedMessage,
): Promise<void> {
  if (physicalOffset === undefined) return;
  const record = await broker.store.record(physicalOffset);
  const found = record === undefined ? undefined : decodeMessage(record);
  if (found !== undefined) {
    const { topic: parent, properties } = found;
    const isLite = liteTopic !== undefined;
    const isThere = isLite
      ? storedLightPlaces(parent, properties).some((place) => place.name === topic && place.offset === offset)
      : parent === topic && found.queueId === queueId && found.queueOffset === offset;
    if (isThere) return;
  }
  throw invalid(`there is no such message at commit log offset ${physicalOffset}`);
}

/** Copies the message to the group's dead letters, where it says where it came from, and consumes it. */
export async function toDeadLetters(
  broker: BrokerContext,
  { messages, offset, physicalOffset }: Pick<ReceivedMessage, 'messages' | 'offset' | 'physicalOffset'>,
  origin: { readonly topic: string; readonly messageId: string },
): Promise<Reply> {
  if (physicalOffset === undefined) throw invalid('commit log offset is empty');
  const { group } = messages;
  const reply = await putBack(broker, { group, offset: physicalOffset, delayLevel: -1, limit: 0, origin });
  if (reply.code === ResponseCode.SUCCESS) {
    await ackMessages(broker, messages, [offset]);
    await settled(broker);
  }
  return reply;
}
