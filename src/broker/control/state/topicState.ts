import { errorText } from '../../../base/errors.ts';
import { decompressBody } from '../../../protocol/compression.ts';
import { decodeMessages } from '../../../protocol/message.ts';
import type { StoredMessage } from '../../../protocol/message.ts';
import { PropertyName, decodeProperties } from '../../../protocol/messageProperty.ts';
import type { BrokerContext } from '../../brokerContext.ts';
import { ControlError } from '../controlError.ts';

const BATCH_MESSAGES = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Of bodies in one answer; the one that goes beyond is still shown. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Offsets and counts of a topic, and how far its groups are. @throws ControlError 404 */
export function topicState(broker: BrokerContext, topic: string): object {
  const queues = queuesOf(broker, topic).map((queueId) => {
    const [min, max] = [broker.store.minOffset(topic, queueId), broker.store.maxOffset(topic, queueId)];
    return { queueId, min, max, messages: max - min };
  });
  const groups = broker.offsets.groupsOf(topic).map((group) => ({
    group,
    lag: lagOf(broker, group, topic),
    offsets: queues.map(({ queueId }) => broker.offsets.committed(group, topic, queueId) ?? null),
  }));
  return { topic, messages: queues.reduce((sum, { messages }) => sum + messages, 0), queues, groups };
}

/** Messages that a group has not committed; of a queue where it committed nothing all. @throws ControlError 404 */
export function lagOf({ topics, store, offsets }: BrokerContext, group: string, topic: string): number {
  return queuesOf({ topics }, topic)
    .map((queueId) => {
      const min = store.minOffset(topic, queueId);
      return store.maxOffset(topic, queueId) - Math.max(min, offsets.committed(group, topic, queueId) ?? min);
    })
    .reduce((sum, lag) => sum + Math.max(0, lag), 0);
}

export interface MessageWish {
  readonly topic: string;
  readonly tag: string | undefined;
  readonly key: string | undefined;
  /** So many are shown; all are counted. */
  readonly limit: number;
  readonly bodies: boolean;
}

/** Counts what a topic holds, queue by queue, and shows some of it. @throws ControlError 404 */
export async function messagesOf(broker: BrokerContext, wish: MessageWish, signal: AbortSignal): Promise<object> {
  const { store } = broker;
  const shown: object[] = [];
  let count = 0;
  let bodyBytes = 0;
  for (const queueId of queuesOf(broker, wish.topic)) {
    let offset = store.minOffset(wish.topic, queueId);
    for (const end = store.maxOffset(wish.topic, queueId); offset < end && !signal.aborted;) {
      const { records, nextBeginOffset } = await store.read({
        topic: wish.topic,
        queueId,
        offset,
        maxMessages: BATCH_MESSAGES,
        maxBytes: BATCH_BYTES,
      });
      if (nextBeginOffset <= offset) break;
      offset = nextBeginOffset;
      for (const message of records.flatMap((record) => decodeMessages(record))) {
        const properties = decodeProperties(message.properties);
        if (!isWanted(properties, wish)) continue;
        count += 1;
        if (shown.length >= wish.limit) continue;
        const body = wish.bodies ? bodyOf(message, MAX_BODY_BYTES - bodyBytes) : undefined;
        if (Buffer.isBuffer(body)) bodyBytes += body.length;
        shown.push({ ...asJson(message, properties), ...(body && bodyJson(body)) });
      }
    }
  }
  return { topic: wish.topic, count, messages: shown };
}

function isWanted(properties: ReadonlyMap<string, string>, { tag, key }: MessageWish): boolean {
  if (tag !== undefined && properties.get(PropertyName.TAGS) !== tag) return false;
  return key === undefined || (properties.get(PropertyName.KEYS) ?? '').split(' ').includes(key);
}

/** As its producer gave it, or why it is not shown: one damaged body hides no other message. */
function bodyOf({ body, sysFlag }: StoredMessage, roomBytes: number): Buffer | string {
  if (roomBytes <= 0) return `left out: an answer holds ${MAX_BODY_BYTES} bytes of bodies`;
  try {
    return decompressBody(body, sysFlag);
  } catch (error) {
    return errorText(error);
  }
}

function asJson(message: StoredMessage, properties: ReadonlyMap<string, string>): object {
  const { queueId, queueOffset, bornTimestamp, storeTimestamp, reconsumeTimes } = message;
  return {
    id: properties.get(PropertyName.UNIQUE_KEY),
    queueId,
    queueOffset,
    tag: properties.get(PropertyName.TAGS),
    keys: properties.get(PropertyName.KEYS)?.split(' '),
    reconsumeTimes,
    born: new Date(bornTimestamp).toISOString(),
    stored: new Date(storeTimestamp).toISOString(),
    properties: Object.fromEntries(properties),
  };
}

/** As text where it is text. */
function bodyJson(body: Buffer | string): object {
  if (typeof body === 'string') return { bodyProblem: body };
  const text = body.toString('utf8');
  return Buffer.from(text).equals(body) ? { body: text } : { base64: body.toString('base64') };
}

/** @throws ControlError 404 */
export function queuesOf({ topics }: Pick<BrokerContext, 'topics'>, topic: string): number[] {
  const config = topics.get(topic);
  if (config === undefined) throw new ControlError(404, `there is no topic ${topic.slice(0, 255)}`);
  return Array.from({ length: Math.max(config.readQueueNums, config.writeQueueNums) }, (_, queueId) => queueId);
}
