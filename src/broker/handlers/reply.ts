import { errorText } from '../../base/errors.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { formatHostAddress } from '../../protocol/hostAddress.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { expandLetters, pushReplyMessage, sendMessage as sendFields } from '../../protocol/requests/send.ts';
import type { SendMessage } from '../../protocol/requests/send.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { putMessage, storeRefusal } from '../putMessage.ts';
import { peerHost } from '../peerHost.ts';
import { settled } from '../settled.ts';
import { CALL_TIMEOUT_MS } from './relay.ts';
import { EMPTY_BODY, lateReply, queueFor, queueIllegal, refusalOf, topicMissing } from './send.ts';

/**
 * SEND_REPLY_MESSAGE 324 and SEND_REPLY_MESSAGE_V2 325: the answer to a request goes to the producer that waits for
 * it, and then into its topic. The code tells of the first; where the copy lies is told in either case.
 * Source: ReplyMessageProcessor.java; broker sheet §18.
 */
export async function sendReply(broker: BrokerContext, request: IncomingRequest): Promise<Reply> {
  const { command, connection } = request;
  const isV2 = command.code === RequestCode.SEND_REPLY_MESSAGE_V2;
  const header = decodeFields(sendFields, isV2 ? expandLetters(command.extFields) : command.extFields);
  const stamps = { MSG_REGION: broker.config.regionId, TRACE_ON: String(broker.config.traceOn) };
  if (command.body.length === 0) return EMPTY_BODY;
  const refusal = refusalOf(broker, header, false, command.body);
  if (refusal !== undefined) return { ...refusal, extFields: stamps };
  const known = broker.topics.get(header.topic);
  const config = known ?? broker.topics.createOnSend(header.topic, header.defaultTopic, header.defaultTopicQueueNums);
  if (config === undefined) return { ...topicMissing(header.topic), extFields: stamps };
  const illegal = queueIllegal(header, config, connection);
  if (illegal !== undefined) return { ...illegal, extFields: stamps };
  const queueId = queueFor(header, config);
  const properties = decodeProperties(header.properties ?? '');
  for (const [name, value] of Object.entries(stamps)) properties.set(name, value);

  const failure = await pushReply(broker, request, header, properties);
  const code = failure === undefined ? ResponseCode.SUCCESS : ResponseCode.SYSTEM_ERROR;
  const place = broker.config.storeReplyMessageEnable
    ? storeReply(broker, request, { ...header, queueId }, properties)
    : undefined;
  // A disk or slave that takes too long changes nothing about the answer.
  if (place !== undefined && properties.get(PropertyName.WAIT) !== 'false') await settled(broker);
  // Without a copy an id that clients can read all the same.
  const at = place ?? (failure === undefined ? { msgId: '0', queueId: String(queueId), queueOffset: '0' } : {});
  return lateReply(
    broker,
    { code, remark: failure, extFields: { ...at, ...stamps } },
    known === undefined ? [header.topic] : [],
    true,
  );
}

/** @returns why the requester does not have it */
async function pushReply(
  broker: BrokerContext,
  { command, connection }: IncomingRequest,
  header: SendMessage,
  properties: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const clientId = properties.get(PropertyName.REPLY_TO_CLIENT);
  if (clientId === undefined) return `reply message properties[${PropertyName.REPLY_TO_CLIENT}] is null`;
  const requester = broker.producers.find(clientId);
  if (requester === undefined) return `push reply message fail, channel of <${clientId}> not found.`;
  const now = broker.clock.now();
  const pushed = new Map(properties).set(PropertyName.PUSH_REPLY_TIME, String(now));
  const extFields = encodeFields(pushReplyMessage, {
    ...header,
    properties: encodeProperties(pushed),
    bornHost: connection.remoteAddress,
    storeHost: formatHostAddress(broker.storeHost),
    storeTimestamp: now,
  });
  const code = RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT;
  try {
    const answer = await requester.request({ code, extFields, body: command.body }, CALL_TIMEOUT_MS);
    if (answer.code === ResponseCode.SUCCESS) return undefined;
    broker.logger.warn(`${clientId} does not take a reply: ${answer.remark ?? answer.code}`);
  } catch (error) {
    broker.logger.warn(`a reply does not reach ${clientId}: ${errorText(error)}`);
  }
  return `push reply message to ${clientId}fail.`;
}

/** A store that refuses is no reason to fail: the requester has its reply, or has been told that it has not. */
function storeReply(
  broker: BrokerContext,
  { command, connection }: IncomingRequest,
  header: SendMessage,
  properties: ReadonlyMap<string, string>,
): Record<string, string> | undefined {
  try {
    const { physicalOffset, queueOffset } = putMessage(broker, {
      topic: header.topic,
      queueId: header.queueId,
      flag: header.flag,
      sysFlag: header.sysFlag,
      bornTimestamp: header.bornTimestamp,
      bornHost: peerHost(connection),
      storeHost: broker.storeHost,
      reconsumeTimes: header.reconsumeTimes ?? 0,
      preparedTransactionOffset: 0,
      body: command.body,
      properties: encodeProperties(properties),
    });
    const msgId = offsetMessageId(broker.storeHost, physicalOffset);
    return { msgId, queueId: String(header.queueId), queueOffset: String(queueOffset) };
  } catch (error) {
    if (storeRefusal(broker, error) === undefined) throw error;
    broker.logger.warn(`a reply is not stored: ${errorText(error)}`);
    return undefined;
  }
}
