import { decodeMessages } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { LITE_QUEUE_ID } from '../../protocol/liteTopic.ts';
import { ORDERED } from '../../protocol/popReceipt.ts';
import { InitMode } from '../../protocol/requests/pop.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { PoppedMessages } from '../pop/ackMessages.ts';
import { popOffset } from '../pop/popOffset.ts';
import type { ReadResult } from '../store/readQueue.ts';
import type { LiteSubscriber } from './liteSubscriptions.ts';

export interface LiteWish {
  readonly maxMessages: number;
  readonly invisibleTimeMs: number;
  readonly attemptId: string | undefined;
}

/** A message of a lite topic that was given out. */
export interface PoppedLite {
  /** With its place in the queue of the lite topic, and how often it was given out before. */
  readonly stored: StoredMessage;
  readonly messages: PoppedMessages;
}

/** As for a pull. */
const MAX_QUEUE_BYTES = 256 * 1024;
const MAX_BYTES = 4 * 1024 * 1024;
const OUTSIDE: ReadonlySet<string> = new Set([
  'offset-too-small',
  'offset-overflow-badly',
  'no-matched-message',
  'message-was-removing',
]);

/**
 * Takes messages out of the lite topics that a client subscribes to, those of one lite topic in order: until they are
 * acknowledged or visible again its group gets no more of it. Source: PopLiteMessageProcessor.java of 5.5.0.
 */
export async function popLite(
  broker: BrokerContext,
  subscriber: LiteSubscriber,
  wish: LiteWish,
): Promise<PoppedLite[]> {
  const { ready, group } = subscriber;
  const popped: PoppedLite[] = [];
  let bytes = 0;
  for (const queue of [...ready]) {
    if (popped.length >= wish.maxMessages || bytes >= MAX_BYTES) break;
    // Whatever comes from now on makes it ready again.
    if (!ready.delete(queue) || broker.store.maxOffset(queue, LITE_QUEUE_ID) === 0) continue;
    const maxMessages = wish.maxMessages - popped.length;
    const of = { queue, group, topic: subscriber.topic, ...wish, maxMessages };
    const found = await broker.pops.turns.take(queue, group, LITE_QUEUE_ID, () => popQueue(broker, of));
    for (const one of found) {
      popped.push(one);
      bytes += one.stored.sizeBytes;
    }
  }
  if (popped.length === 0) broker.statistics.missed();
  return popped;
}

interface QueueWish extends LiteWish {
  readonly queue: string;
  readonly group: string;
  readonly topic: string;
}

async function popQueue(broker: BrokerContext, wish: QueueWish): Promise<PoppedLite[]> {
  const { pops, offsets } = broker;
  const { queue, group, attemptId, invisibleTimeMs: invisibleTime } = wish;
  const place = { topic: queue, group, queueId: LITE_QUEUE_ID };
  let start = await popOffset(broker, { ...place, initMode: InitMode.MAX });
  if (pops.orders.isBlocked(queue, group, LITE_QUEUE_ID, attemptId)) return [];
  let found = await read(broker, wish, start);
  if (OUTSIDE.has(found.status)) {
    broker.logger.warn(`${group} pops ${queue} from ${found.nextBeginOffset}: there is nothing at ${start}`);
    start = found.nextBeginOffset;
    offsets.commit(group, queue, LITE_QUEUE_ID, start);
    found = await read(broker, wish, start);
  }
  if (found.count === 0) return [];
  const popTime = broker.clock.now();
  // Without a filter they are the last before the next.
  const first = found.nextBeginOffset - found.count;
  const given = Array.from({ length: found.count }, (_, at) => first + at);
  const { counts } = pops.orders.note({ ...place, attemptId, popTime, invisibleTime, offsets: given });
  offsets.commit(group, queue, LITE_QUEUE_ID, start);
  broker.statistics.served(wish.topic, group, LITE_QUEUE_ID, found.count, found.sizeBytes, popTime);
  const { brokerName } = broker.config;
  const messages = { ...place, startOffset: start, popTime, invisibleTime, reviveQueueId: ORDERED, brokerName };
  return found.records
    .flatMap((piece) => decodeMessages(piece))
    .map((record, at): PoppedLite => {
      const queueOffset = first + at;
      const reconsumeTimes = counts.get(queueOffset) ?? record.reconsumeTimes;
      return { stored: { ...record, queueId: LITE_QUEUE_ID, queueOffset, reconsumeTimes }, messages };
    });
}

function read({ store }: BrokerContext, { queue, maxMessages }: QueueWish, offset: number): Promise<ReadResult> {
  return store.read({ topic: queue, queueId: LITE_QUEUE_ID, offset, maxMessages, maxBytes: MAX_QUEUE_BYTES });
}
