import { MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { request } from '../../protocol/command.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { recallMessage as recallFields } from '../../protocol/requests/recall.ts';
import { recallAllowed } from '../handlers/recall.ts';
import type { CallContext } from './callContext.ts';
import { callPeer } from './callPeer.ts';
import { checkMessageType } from './messageType.ts';
import { OK, statusOf } from './refusal.ts';
import { checkTopic } from './validate.ts';

/**
 * RecallMessage. It needs no recallMessageEnable, which is off by default: clients of gRPC get a handle with every
 * delayed message. Source: RecallMessageActivity.java, ProducerProcessor.java; gRPC sheet §3.8.
 */
export async function recallMessage(
  context: CallContext,
  { topic, recallHandle }: RpcRequest<'recallMessage'>,
): Promise<RpcResponse<'recallMessage'>> {
  const { broker } = context;
  const name = checkTopic(topic);
  const config = broker.topics.get(name);
  if (broker.config.enableTopicMessageTypeCheck && config !== undefined) checkMessageType(config, MessageType.DELAY);
  const extFields = encodeFields(recallFields, { topic: name, recallHandle, producerGroup: name });
  const command = request(0, { code: RequestCode.RECALL_MESSAGE, extFields });
  const reply = await recallAllowed(broker, { command, connection: callPeer(context) });
  if (reply.code !== ResponseCode.SUCCESS) return { status: statusOf(reply) };
  return { status: OK, messageId: reply.extFields?.['msgId'] ?? '' };
}
