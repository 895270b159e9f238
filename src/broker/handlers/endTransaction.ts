import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import type { FieldsOf } from '../../protocol/fields.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { parseOffsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, encodeProperties, propertyOf } from '../../protocol/messageProperty.ts';
import { endTransaction as endFields, resumeCheckHalfMessage } from '../../protocol/requests/transaction.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import { HALF_TOPIC } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { putMessage, putParked, storeRefusal } from '../putMessage.ts';
import { SUCCESS } from '../reply.ts';
import { settled } from '../settled.ts';
import { bornMs } from '../transactions/bornMs.ts';
import { HALF_QUEUE, committedMessage } from '../transactions/halfMessage.ts';

/** Where Apache's words differ from those for a send. */
const OWN_REMARKS = new Map<number, string>([[ResponseCode.SERVICE_NOT_AVAILABLE, 'Service not available now.']]);

type EndTransaction = FieldsOf<typeof endFields>;

/**
 * END_TRANSACTION 37: the half message goes to its topic or nowhere. Clients send it one-way, and where they do not
 * know the end yet Apache's broker answers nothing at all. Source: EndTransactionProcessor.java; broker sheet §11.2.
 */
export async function endTransaction(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(endFields, command.extFields);
  const isCommit = header.commitOrRollback === SysFlag.TRANSACTION_COMMIT;
  if (!isCommit && header.commitOrRollback !== SysFlag.TRANSACTION_ROLLBACK) return SUCCESS;
  const record = await broker.store.record(header.commitLogOffset);
  if (record === undefined) return refused('Find prepared transaction message failed');
  const half = decodeMessage(record);
  if (comesTooLate(broker, header, half)) return { code: ResponseCode.ILLEGAL_OPERATION };
  if (propertyOf(half.properties, PropertyName.PRODUCER_GROUP) !== header.producerGroup) {
    return refused('The producer group wrong');
  }
  if (half.queueOffset !== header.tranStateTableOffset) return refused('The transaction state table offset wrong');
  const committed = committedMessage(half);
  if (committed === undefined) return refused('Find prepared transaction message failed');
  if (isCommit) {
    try {
      putMessage(broker, committed);
    } catch (error) {
      const refusal = storeRefusal(broker, error);
      if (refusal === undefined) throw error;
      return { ...refusal, remark: OWN_REMARKS.get(refusal.code) ?? refusal.remark };
    }
  }
  broker.endMarks.add(half.queueOffset);
  if (isCommit && propertyOf(half.properties, PropertyName.WAIT) !== 'false') await settled(broker);
  return SUCCESS;
}

/** A producer that set when it may be asked first has no say after that, unless it was asked. */
function comesTooLate(broker: BrokerContext, header: EndTransaction, half: StoredMessage): boolean {
  const immunity = propertyOf(half.properties, PropertyName.CHECK_IMMUNITY_SECONDS);
  if (header.fromTransactionCheck === true || immunity === undefined) return false;
  const wantedMs = /^\d+$/.test(immunity) ? Number(immunity) * 1000 : 0;
  return broker.clock.now() - bornMs(broker, half) > Math.max(wantedMs, broker.config.transactionTimeOut);
}

/**
 * RESUME_CHECK_HALF_MESSAGE 323: a half message that was given up is asked about again from the beginning.
 * Source: AdminBrokerProcessor.java, resumeCheckHalfMessage.
 */
export async function resumeCheck(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { msgId } = decodeFields(resumeCheckHalfMessage, command.extFields);
  try {
    const record = await broker.store.record(parseOffsetMessageId(msgId ?? '').physicalOffset);
    if (record === undefined) throw new Error(`there is no message ${msgId}`);
    const message = decodeMessage(record);
    const properties = decodeProperties(message.properties).set(PropertyName.TRANSACTION_CHECK_TIMES, '0');
    putParked(broker, {
      ...message,
      topic: HALF_TOPIC,
      queueId: HALF_QUEUE,
      properties: encodeProperties(properties),
    });
    return SUCCESS;
  } catch (error) {
    broker.logger.error(`the half message ${msgId ?? ''} is not taken up again`, error);
    return refused('Exception was thrown when putting message back to RMQ_SYS_TRANS_HALF_TOPIC.');
  }
}

function refused(remark: string): Reply {
  return { code: ResponseCode.SYSTEM_ERROR, remark };
}
