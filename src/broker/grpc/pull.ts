import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { decodeMessages } from '../../protocol/message.ts';
import type { ReadResult } from '../store/readQueue.ts';
import type { CallContext } from './callContext.ts';
import { messageOut } from './messageOut.ts';
import { checkOffset, obtainGroup, readQueue } from './offsets.ts';
import { compiledFilter, pollUntil } from './receiveWish.ts';
import { OK, Refusal } from './refusal.ts';

interface PullWish {
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  readonly maxMessages: number;
  readonly filter: MessageFilter;
  readonly untilMs: number;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** PullMessage: a status, the messages, where the next pull begins. Apache's proxy does not serve it. */
export async function pullMessage(
  context: CallContext,
  request: RpcRequest<'pullMessage'>,
  write: (response: RpcResponse<'pullMessage'>) => void,
): Promise<void> {
  const { broker } = context;
  const wish = await pullWish(context, request);
  const { records, count, nextBeginOffset } = await readOrWait(context, wish, checkOffset(request.offset));
  const status = count > 0 ? OK : { code: Code.MESSAGE_NOT_FOUND, message: 'no new message' };
  write({ content: { case: 'status', value: status } });
  for (const stored of records.flatMap((piece) => decodeMessages(piece))) {
    write({ content: { case: 'message', value: messageOut(stored, { nowMs: broker.clock.now() }) } });
  }
  write({ content: { case: 'nextOffset', value: BigInt(nextBeginOffset) } });
}

/** @throws Refusal */
async function pullWish(
  context: CallContext,
  { group, messageQueue, batchSize, filterExpression, longPollingTimeout }: RpcRequest<'pullMessage'>,
): Promise<PullWish> {
  const { broker } = context;
  if (batchSize < 1) throw new Refusal(Code.BAD_REQUEST, `batch size ${batchSize} is less than 1`);
  return {
    untilMs: pollUntil(context, longPollingTimeout),
    ...(await readQueue(broker, messageQueue)),
    group: obtainGroup(broker, group),
    maxMessages: batchSize,
    filter: compiledFilter(broker, filterExpression).filter,
  };
}

async function readOrWait(context: CallContext, wish: PullWish, from: number): Promise<ReadResult> {
  const { broker, call } = context;
  const { topic, queueId, filter, maxMessages, untilMs } = wish;
  let offset = from;
  for (;;) {
    const result = await broker.store.read({ topic, queueId, offset, maxMessages, maxBytes: MAX_BYTES, filter });
    if (result.count > 0 || !call.isOpen || broker.steadyClock.now() >= untilMs) return result;
    // A client that is nowhere in the queue, or was past messages that it does not want, learns where to go on.
    const isAtEnd = result.nextBeginOffset === offset && broker.store.maxOffset(topic, queueId) <= offset;
    if (!isAtEnd && (result.status === 'offset-too-small' || result.status === 'offset-overflow-badly')) return result;
    offset = result.nextBeginOffset;
    if (isAtEnd) await arrival(context, wish, offset);
  }
}

function arrival(
  { broker, call }: CallContext,
  { topic, group, queueId, filter, untilMs }: PullWish,
  offset: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timeoutMs = Math.max(0, untilMs - broker.steadyClock.now());
    const held = broker.heldPulls.hold(topic, queueId, { group, offset, timeoutMs, filter, resume: done });
    const closing = call.onClose(done);
    function done(): void {
      held.dispose();
      closing.dispose();
      resolve();
    }
  });
}
