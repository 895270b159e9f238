import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { AckMessageEntry } from '../../protocol/grpc/service_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { ackMessages } from '../pop/ackMessages.ts';
import { storeRefusal } from '../putMessage.ts';
import { settledSince } from '../settled.ts';
import type { CallContext } from './callContext.ts';
import { invalid, receivedMessage } from './receipt.ts';
import { OK, Refusal, statusOf } from './refusal.ts';
import type { RpcStatus } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

interface Where {
  readonly topic: string;
  readonly group: string;
}

/** AckMessage: an answer for each handle. Source: AckMessageActivity.java; gRPC sheet §4.2. */
export async function ackMessage(
  context: CallContext,
  { topic, group, entries }: RpcRequest<'ackMessage'>,
): Promise<RpcResponse<'ackMessage'>> {
  const where = { topic: checkTopic(topic), group: checkGroup(group) };
  if (entries.length === 0) throw new Refusal(Code.INTERNAL_SERVER_ERROR, 'ack message result is empty');
  const before = context.broker.store.reservedOffset;
  // They are written together.
  const statuses = await Promise.all(entries.map((entry) => ackOne(context, where, entry)));
  await settledSince(context.broker, before);
  const results = entries.map(({ messageId, receiptHandle }, index) => {
    return { messageId, receiptHandle, status: statuses[index] ?? OK };
  });
  return { status: summary(statuses.map(({ code }) => code)), entries: results };
}

async function ackOne(context: CallContext, where: Where, { receiptHandle }: AckMessageEntry): Promise<RpcStatus> {
  const { broker } = context;
  try {
    const { messages, offset } = await receivedMessage(context, { ...where, handle: receiptHandle });
    const problem = await ackMessages(broker, messages, [offset]);
    if (problem !== undefined) throw invalid(`offset ${offset} was not given out by that receipt`);
    return OK;
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    const refusal = storeRefusal(broker, error);
    if (refusal === undefined) throw error;
    return statusOf(refusal);
  }
}

function summary(codes: readonly Code[]): RpcStatus {
  const [first = Code.OK, ...others] = new Set(codes);
  const code = others.length === 0 ? first : Code.MULTIPLE_RESULTS;
  return { code, message: Code[code] };
}
