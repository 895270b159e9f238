import { errorText } from '../../base/errors.ts';
import { Code, MessageType } from '../../protocol/grpc/definition_pb.ts';
import type { Message } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { ResponseCode, responseCodeName } from '../../protocol/codes.ts';
import { VERSION } from '../../protocol/command.ts';
import { liteQueue } from '../../protocol/liteTopic.ts';
import { parseOffsetMessageId } from '../../protocol/messageId.ts';
import { AUTO_CREATE_TOPIC } from '../../protocol/topicName.ts';
import type { Peer, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { takeMessage } from '../handlers/send.ts';
import { storeRefusal } from '../putMessage.ts';
import type { CallContext } from './callContext.ts';
import { callPeer } from './callPeer.ts';
import { queueOfGroup } from './chooseQueue.ts';
import { servedLite } from './lite/liteClient.ts';
import { joinAsProducer } from './membership.ts';
import { messageIn } from './messageIn.ts';
import type { MessageIn } from './messageIn.ts';
import { checkMessageType, topicMessageType } from './messageType.ts';
import { obtainTopic } from './obtainTopic.ts';
import { OK, Refusal, statusOf } from './refusal.ts';
import type { RpcStatus } from './refusal.ts';
import { checkTopic } from './validate.ts';
import { written } from '../written.ts';

type Entry = NonNullable<Exclude<RpcResponse<'sendMessage'>, { $typeName: string }>['entries']>[number];

/**
 * SendMessage. Nothing is stored unless all messages are legal; then each is stored by itself and has its own entry,
 * where Apache's proxy has one for all. Source: SendMessageActivity.java, ProducerProcessor.java; gRPC sheet §4.2.
 */
export async function sendMessage(
  context: CallContext,
  { messages }: RpcRequest<'sendMessage'>,
): Promise<RpcResponse<'sendMessage'>> {
  const [first] = messages;
  if (first === undefined) throw new Refusal(Code.MESSAGE_CORRUPTED, 'no message to send');
  const topic = checkTopic(first.topic);
  if (messages.some((message) => !isOfTopic(message, first))) {
    throw new Refusal(Code.MESSAGE_CORRUPTED, 'topic in message is not same');
  }
  const { broker } = context;
  const peer = callPeer(context);
  const peerHost = peer.remoteAddress.slice(0, peer.remoteAddress.lastIndexOf(':'));
  const read = messages.map((message) => {
    return messageIn(message, { topic, peerHost, config: broker.config, nowMs: broker.clock.now() });
  });
  const known = obtainTopic(broker, topic);
  const config = known instanceof Promise ? await known : known;
  if (broker.config.enableTopicMessageTypeCheck) for (const { type } of read) checkMessageType(config, type);
  for (const { liteTopic } of read) if (liteTopic !== '') checkLiteQuota(broker, topic, liteTopic);
  if ((config.perm & Perm.WRITE) === 0 || config.writeQueueNums === 0) {
    throw new Refusal(Code.FORBIDDEN, 'no writable queue');
  }
  if (read.some(({ type }) => type === MessageType.TRANSACTION)) {
    // Whoever opens transactions is asked about them, before its settings say so.
    const client = context.clients.get(context.clientId);
    if (client !== undefined) joinAsProducer(broker, client, [topic]);
  }
  const entries: Entry[] = [];
  for (const message of read) entries.push(await put(context, peer, config, message));
  const [status] = entries;
  const isSame = entries.every((entry) => entry.status?.code === status?.status?.code);
  return { status: isSame ? { ...OK, ...status?.status } : MULTIPLE_RESULTS, entries };
}

const MULTIPLE_RESULTS: RpcStatus = { code: Code.MULTIPLE_RESULTS, message: 'MULTIPLE_RESULTS' };

/** @throws Refusal NOT_IMPLEMENTED, LITE_TOPIC_QUOTA_EXCEEDED */
function checkLiteQuota(broker: BrokerContext, topic: string, liteTopic: string): void {
  if (!servedLite(broker).lacksRoomFor(liteQueue(topic, liteTopic))) return;
  throw new Refusal(Code.LITE_TOPIC_QUOTA_EXCEEDED, `lite topic quota exceeded ${broker.config.maxLmqConsumeQueueNum}`);
}

function isOfTopic({ topic }: Message, first: Message): boolean {
  return topic?.name === first.topic?.name && topic?.resourceNamespace === first.topic?.resourceNamespace;
}

async function put(context: CallContext, peer: Peer, config: TopicConfig, message: MessageIn): Promise<Entry> {
  const { broker, clients } = context;
  const topic = config.topicName;
  const header = {
    producerGroup: topic,
    topic,
    defaultTopic: AUTO_CREATE_TOPIC,
    defaultTopicQueueNums: config.writeQueueNums,
    queueId: queueOf(config, message),
    sysFlag: message.sysFlag,
    bornTimestamp: message.bornTimestamp,
    flag: 0,
    properties: message.properties,
    reconsumeTimes: 0,
    unitMode: undefined,
    maxReconsumeTimes: undefined,
    batch: undefined,
    bname: undefined,
  };
  const taken = takeMessage(broker, { header, body: message.body, version: VERSION, connection: peer });
  // In this turn: whoever asks later is not told that the write was refused.
  const writing = written(broker).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const reply = await taken;
  const refused = await writing;
  // What was stored before it keeps its entry, so that nobody sends it again.
  if (refused !== undefined) return { status: notWritten(broker, refused.error) };
  if (reply.code !== ResponseCode.SUCCESS) return { status: failure(reply) };
  const { msgId = '', queueOffset = '0', transactionId = '', recallHandle = '' } = reply.extFields ?? {};
  if (message.type === MessageType.TRANSACTION) {
    clients.transactions.opened(topic, transactionId, {
      tranStateTableOffset: Number(queueOffset),
      commitLogOffset: parseOffsetMessageId(msgId).physicalOffset,
    });
  }
  return { status: OK, messageId: message.messageId, transactionId, offset: BigInt(queueOffset), recallHandle };
}

/** -1 lets the broker choose. */
function queueOf(config: TopicConfig, { type, messageGroup, liteTopic, priority = 0 }: MessageIn): number {
  const together = messageGroup === '' ? liteTopic : messageGroup;
  if (together !== '') return queueOfGroup(together, config.writeQueueNums);
  // The higher the queue the earlier it is read. Source: SendMessageProcessor.java of 5.5.0.
  if (type === MessageType.PRIORITY && topicMessageType(config) === 'PRIORITY') {
    return Math.min(Math.max(0, priority), config.writeQueueNums - 1);
  }
  return -1;
}

function notWritten(broker: BrokerContext, error: unknown): RpcStatus {
  broker.logger.error('a message of a gRPC producer was not written', error);
  const refusal = storeRefusal(broker, error);
  return refusal === undefined ? { code: Code.INTERNAL_SERVER_ERROR, message: errorText(error) } : statusOf(refusal);
}

const NOT_STORED_WELL = new Map<number, Code>([
  [ResponseCode.FLUSH_DISK_TIMEOUT, Code.MASTER_PERSISTENCE_TIMEOUT],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, Code.SLAVE_PERSISTENCE_TIMEOUT],
  [ResponseCode.SLAVE_NOT_AVAILABLE, Code.HA_NOT_AVAILABLE],
]);

function failure(reply: Reply): RpcStatus {
  const code = NOT_STORED_WELL.get(reply.code);
  if (code === undefined) return statusOf(reply);
  return { code, message: `send message failed, sendStatus=${responseCodeName(reply.code)}` };
}
