import { durationMs } from '@bufbuild/protobuf/wkt';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { changeInvisibleTime } from '../pop/changeInvisibleTime.ts';
import { storeRefusal } from '../putMessage.ts';
import { settledSince } from '../settled.ts';
import type { CallContext } from './callContext.ts';
import { encodeHandle, receivedMessage } from './receipt.ts';
import { checkInvisibleTime } from './receiveWish.ts';
import { OK, Refusal, statusOf } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

/**
 * ChangeInvisibleDuration. The answer always has a handle, since clients go on with it whatever the status.
 * Source: ChangeInvisibleDurationActivity.java; gRPC sheet §3.7.
 */
export async function changeInvisibleDuration(
  context: CallContext,
  request: RpcRequest<'changeInvisibleDuration'>,
): Promise<RpcResponse<'changeInvisibleDuration'>> {
  try {
    return { status: OK, receiptHandle: await changed(context, request) };
  } catch (error) {
    const { receiptHandle } = request;
    if (error instanceof Refusal) return { status: error.status, receiptHandle };
    const refusal = storeRefusal(context.broker, error);
    if (refusal === undefined) throw error;
    return { status: statusOf(refusal), receiptHandle };
  }
}

/** The new handle. @throws Refusal */
async function changed(
  context: CallContext,
  { topic, group, receiptHandle, invisibleDuration, suspend }: RpcRequest<'changeInvisibleDuration'>,
): Promise<string> {
  const { broker } = context;
  const where = { topic: checkTopic(topic), group: checkGroup(group), handle: receiptHandle };
  const invisibleTimeMs = invisibleDuration === undefined ? 0 : durationMs(invisibleDuration);
  checkInvisibleTime(invisibleTimeMs, 0, broker.config.maxInvisibleTimeMills);
  const { messages, receipt, offset, physicalOffset, liteTopic } = await receivedMessage(context, where);
  const before = broker.store.reservedOffset;
  const change = { offset, invisibleTimeMs, suspend: suspend === true };
  const changedTo = await changeInvisibleTime(broker, messages, change);
  await settledSince(broker, before);
  if (changedTo === undefined) return receiptHandle;
  // Its check point begins with it, whichever the pop began with.
  return encodeHandle({ ...receipt, ...changedTo, startOffset: offset }, physicalOffset, liteTopic);
}
