import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { viewMessage as viewFields } from '../../protocol/requests/query.ts';
import type { IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';

/** VIEW_MESSAGE_BY_ID 33: the record at a commit-log offset, whatever its topic. */
export async function viewMessage(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { offset } = decodeFields(viewFields, command.extFields);
  const record = await broker.store.record(offset);
  if (record !== undefined) return successBody(record);
  return { code: ResponseCode.SYSTEM_ERROR, remark: `can not find message by the offset, ${offset}` };
}
