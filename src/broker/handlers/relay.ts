import { errorText, isCodedError } from '../../base/errors.ts';
import { readBody } from '../../protocol/bodies/read.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { versionName } from '../../protocol/command.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import type { FastjsonValue } from '../../protocol/fastjson.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { parseOffsetMessageId } from '../../protocol/messageId.ts';
import { consumeMessageDirectly, consumerRunningInfo, consumerStatus } from '../../protocol/requests/relay.ts';
import type { Peer, IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import type { ClientInfo } from '../state/consumers.ts';

/** How long a client may take to answer. Source: Broker2Client.java, callClient and getConsumeStatus. */
export const CALL_TIMEOUT_MS = 10_000;
const STATUS_TIMEOUT_MS = 5000;

/** Ordinals of the releases from which on clients can be asked: 3.1.8-SNAPSHOT and 3.0.7-SNAPSHOT. */
const KNOWS_RELAYS = 62;
const KNOWS_STATUS = 28;

/** GET_CONSUMER_RUNNING_INFO 307: what a consumer says of itself, its stacks too where that is asked. */
export function getRunningInfo(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { consumerGroup, clientId } = decodeFields(consumerRunningInfo, command.extFields);
  return askConsumer(broker, consumerGroup, clientId, {
    code: RequestCode.GET_CONSUMER_RUNNING_INFO,
    extFields: command.extFields,
    body: command.body,
  });
}

/** CONSUME_MESSAGE_DIRECTLY 309: one consumer gets one stored message, whatever its group consumed. */
export async function consumeDirectly(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(consumeMessageDirectly, command.extFields);
  const { consumerGroup, clientId, msgId = '' } = header;
  const extFields: Record<string, string> = { ...command.extFields, brokerName: broker.config.brokerName };
  const topic = header.topic === undefined ? undefined : broker.topics.get(header.topic);
  if (topic !== undefined) extFields['topicSysFlag'] = String(topic.topicSysFlag);
  const group = broker.groups.find(consumerGroup);
  if (group !== undefined) extFields['groupSysFlag'] = String(group.groupSysFlag);
  const body = await broker.store.record(parseOffsetMessageId(msgId).physicalOffset);
  if (body === undefined) return refused(`can not find message by the id, ${msgId}`);
  const code = RequestCode.CONSUME_MESSAGE_DIRECTLY;
  return askConsumer(broker, consumerGroup, clientId ?? 'null', { code, extFields, body });
}

/** INVOKE_BROKER_TO_GET_CONSUMER_STATUS 223: how far each member is, as it tells itself (221). */
export async function getConsumerStatus(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic, group, clientAddr = '' } = decodeFields(consumerStatus, command.extFields);
  const members = [...(broker.consumers.get(group)?.members ?? [])];
  if (members.length === 0) return refused(`No Any Consumer online in the consumer group: [${group}]`);
  const tooOld = members.find(([, { version }]) => version < KNOWS_STATUS);
  if (tooOld !== undefined) {
    return refused(`the client does not support this feature. version=${versionName(tooOld[1].version)}`);
  }
  const asked = members.filter(([, { clientId }]) => clientAddr.trim() === '' || clientId === clientAddr);
  const extFields = encodeFields(consumerStatus, { topic, group });
  const tables = await Promise.all(
    asked.map(async ([connection, { clientId }]) => [clientId, await statusOf(broker, connection, extFields)] as const),
  );
  const consumerTable = Object.fromEntries(tables.filter(([, table]) => table !== undefined));
  return successBody(Buffer.from(stringifyFastjson({ consumerTable, messageQueueTable: {} })));
}

/** A member that does not answer is left out. */
async function statusOf(
  broker: BrokerContext,
  connection: Peer,
  extFields: Record<string, string>,
): Promise<FastjsonValue | undefined> {
  try {
    const code = RequestCode.GET_CONSUMER_STATUS_FROM_CLIENT;
    const answer = await connection.request({ code, extFields }, STATUS_TIMEOUT_MS);
    if (answer.code !== ResponseCode.SUCCESS || answer.body.length === 0) return undefined;
    return readBody(answer.body)['messageQueueTable'] ?? {};
  } catch (error) {
    broker.logger.warn(`${connection.remoteAddress} does not tell its status: ${errorText(error)}`);
    return undefined;
  }
}

/** The consumer's own answer, whatever its code. Source: AdminBrokerProcessor.java, callConsumer. */
async function askConsumer(
  broker: BrokerContext,
  group: string,
  clientId: string,
  request: { readonly code: RequestCode; readonly extFields: Readonly<Record<string, string>>; readonly body: Buffer },
): Promise<Reply> {
  const member = memberOf(broker, group, clientId);
  if (member === undefined) return refused(`The Consumer <${group}> <${clientId}> not online`);
  const [connection, { version }] = member;
  if (version < KNOWS_RELAYS) {
    const release = versionName(version);
    return refused(
      `The Consumer <${clientId}> Version <${release}> too low to finish, please upgrade it to V3_1_8_SNAPSHOT`,
    );
  }
  try {
    const { code, remark, extFields, body } = await connection.request(request, CALL_TIMEOUT_MS);
    return { code, remark, extFields, body };
  } catch (error) {
    if (isCodedError(error, 'request-timeout')) {
      const remark = `consumer <${group}> <${clientId}> Timeout: ${errorText(error)}`;
      return { code: ResponseCode.CONSUME_MSG_TIMEOUT, remark };
    }
    return refused(`invoke consumer <${group}> <${clientId}> Exception: ${errorText(error)}`);
  }
}

function memberOf(broker: BrokerContext, group: string, clientId: string): [Peer, ClientInfo] | undefined {
  return [...(broker.consumers.get(group)?.members ?? [])].find(([, client]) => client.clientId === clientId);
}

function refused(remark: string): Reply {
  return { code: ResponseCode.SYSTEM_ERROR, remark };
}
