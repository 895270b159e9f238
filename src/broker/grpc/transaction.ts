import { Code, TransactionResolution, TransactionSource } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { request } from '../../protocol/command.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { endTransaction as endFields } from '../../protocol/requests/transaction.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import { endTransaction as end } from '../handlers/endTransaction.ts';
import type { CallContext } from './callContext.ts';
import { callPeer } from './callPeer.ts';
import { OK, Refusal, statusOf } from './refusal.ts';
import { checkTopic } from './validate.ts';

const RESOLUTIONS = new Map<TransactionResolution, number>([
  [TransactionResolution.COMMIT, SysFlag.TRANSACTION_COMMIT],
  [TransactionResolution.ROLLBACK, SysFlag.TRANSACTION_ROLLBACK],
]);

/**
 * EndTransaction. Apache's proxy answers OK whatever its broker says; here a transaction that cannot end says so. Who
 * does not know the end yet gets OK and is asked again. Source: EndTransactionActivity.java; gRPC sheet §3.5.
 */
export async function endTransaction(
  context: CallContext,
  { topic, messageId, transactionId, resolution, source }: RpcRequest<'endTransaction'>,
): Promise<RpcResponse<'endTransaction'>> {
  const { broker, clients } = context;
  const name = checkTopic(topic);
  if (transactionId.trim() === '') {
    throw new Refusal(Code.INVALID_TRANSACTION_ID, 'transaction id cannot be empty');
  }
  const commitOrRollback = RESOLUTIONS.get(resolution);
  const place = await clients.transactions.find(broker, name, transactionId);
  if (place === undefined) throw new Refusal(Code.INTERNAL_SERVER_ERROR, 'cannot found transaction data');
  if (commitOrRollback === undefined) return { status: OK };
  const extFields = encodeFields(endFields, {
    ...place,
    producerGroup: name,
    commitOrRollback,
    fromTransactionCheck: source === TransactionSource.SOURCE_SERVER_CHECK,
    msgId: messageId,
    transactionId,
    topic: name,
  });
  const command = request(0, { code: RequestCode.END_TRANSACTION, extFields });
  const reply = await end(broker, { command, connection: callPeer(context) });
  if (reply.code !== ResponseCode.SUCCESS) return { status: statusOf(reply) };
  clients.transactions.ended(name, transactionId);
  return { status: OK };
}
