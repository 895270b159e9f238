import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { popRetryTopic } from '../../protocol/popReceipt.ts';
import { peekMessage as peekFields, popMessageResponse } from '../../protocol/requests/pop.ts';
import type { PeekMessage } from '../../protocol/requests/pop.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { knownPopOffset } from '../pop/popOffset.ts';
import { checkBrokerReadable, checkPopQueue } from './popCheck.ts';

/** Every fifth request looks at what came again before it looks at the topic. Source: PeekMessageProcessor.java. */
const RETRY_FIRST = 0.2;
const MAX_MESSAGES = 32;
const MAX_QUEUE_BYTES = 256 * 1024;

interface Peeked {
  readonly records: Buffer[];
  count: number;
  restNum: number;
}

/** PEEK_MESSAGE 200052: what the group's next pop would find, without taking it. */
export async function peekMessage(broker: BrokerContext, { command, connection }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(peekFields, command.extFields);
  const refusal = checkBrokerReadable(broker, 'peeking') ?? checkPopQueue(broker, header, connection);
  if (refusal !== undefined) return { ...refusal, extFields: fields(0) };
  const { topic, consumerGroup: group, queueId } = header;
  const peeked: Peeked = { records: [], count: 0, restNum: 0 };
  const retryTopic = popRetryTopic(topic, group, broker.config.enableRetryTopicV2 ? '2' : '1');
  const retryFirst = Math.random() < RETRY_FIRST;
  if (retryFirst) await peekTopic(broker, header, peeked, retryTopic);
  if (queueId < 0) await peekTopic(broker, header, peeked, topic);
  else await peekQueue(broker, header, peeked, topic, queueId);
  if (!retryFirst) await peekTopic(broker, header, peeked, retryTopic);
  if (peeked.count === 0) {
    return { code: ResponseCode.PULL_NOT_FOUND, remark: 'NO_MESSAGE_IN_QUEUE', extFields: fields(peeked.restNum) };
  }
  return { code: ResponseCode.SUCCESS, remark: 'FOUND', extFields: fields(peeked.restNum), body: peeked.records };
}

async function peekTopic(broker: BrokerContext, header: PeekMessage, peeked: Peeked, topic: string): Promise<void> {
  const queueNums = broker.topics.get(topic)?.readQueueNums ?? 0;
  const first = Math.floor(Math.random() * queueNums);
  for (let step = 0; step < queueNums; step += 1) {
    await peekQueue(broker, header, peeked, topic, (first + step) % queueNums);
  }
}

async function peekQueue(
  broker: BrokerContext,
  { consumerGroup, maxMsgNums }: PeekMessage,
  peeked: Peeked,
  topic: string,
  queueId: number,
): Promise<void> {
  const { store } = broker;
  const offset = knownPopOffset(broker, topic, consumerGroup, queueId) ?? store.minOffset(topic, queueId);
  peeked.restNum += Math.max(0, store.maxOffset(topic, queueId) - offset);
  const wanted = Math.min(maxMsgNums, MAX_MESSAGES) - peeked.count;
  if (wanted <= 0) return;
  const request = { topic, queueId, maxMessages: wanted, maxBytes: MAX_QUEUE_BYTES };
  let found = await store.read({ ...request, offset });
  if (found.status === 'offset-too-small' || found.status === 'offset-overflow-badly') {
    found = await store.read({ ...request, offset: found.nextBeginOffset });
  }
  peeked.records.push(...found.records);
  peeked.count += found.count;
}

/** Only `restNum` means something here. */
function fields(restNum: number): Record<string, string> {
  return encodeFields(popMessageResponse, { popTime: 0, invisibleTime: 0, reviveQid: 0, restNum });
}
