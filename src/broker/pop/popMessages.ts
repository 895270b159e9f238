import { errorText } from '../../base/errors.ts';
import { TAKES_ALL } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { readInt64 } from '../../protocol/bigEndian.ts';
import { RecordOffset } from '../../protocol/message.ts';
import { ORDERED, popRetryTopic } from '../../protocol/popReceipt.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { ReadResult } from '../store/readQueue.ts';
import type { OrderCounts } from './orderedPops.ts';
import { popOffset } from './popOffset.ts';

/** What somebody wants of a topic for a group. */
export interface PopWish {
  readonly topic: string;
  readonly group: string;
  /** -1 is any queue. */
  readonly queueId: number;
  readonly maxMessages: number;
  readonly invisibleTimeMs: number;
  /** `InitMode` */
  readonly initMode: number;
  readonly filter: MessageFilter;
  readonly ordered: boolean;
  readonly attemptId?: string | undefined;
}

/** Messages of one queue that were given out. */
export interface PoppedQueue {
  /** The topic that holds them: the one asked for, or the group's retry topic. */
  readonly topic: string;
  readonly queueId: number;
  readonly startOffset: number;
  /** Of the messages, ascending. */
  readonly offsets: readonly number[];
  /** Pieces of the log: whole records, in order. */
  readonly records: readonly Buffer[];
  readonly sizeBytes: number;
  /** With an ordered pop. */
  readonly order: OrderCounts | undefined;
}

export interface Popped {
  readonly popTime: number;
  readonly reviveQueueId: number;
  readonly queues: readonly PoppedQueue[];
  /** About how many messages are left for the group. */
  readonly restNum: number;
}

interface Running {
  readonly wish: PopWish;
  readonly popTime: number;
  readonly reviveQueueId: number;
  readonly queues: PoppedQueue[];
  count: number;
  sizeBytes: number;
  restNum: number;
}

/** Of one queue, as for a pull. */
const MAX_QUEUE_BYTES = 256 * 1024;
/** After so much no other queue is looked at: clients take frames of 16 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Takes messages out of the queues of a topic for a time: they are invisible for the group until then, and come again
 * unless they are acknowledged. Source: PopMessageProcessor.java; broker sheet §12.1.
 * @throws CodedError, TimerRefused when the store takes no note of the pop
 */
export async function popMessages(broker: BrokerContext, wish: PopWish): Promise<Popped> {
  const dice = Math.floor(Math.random() * 100);
  const running: Running = {
    wish,
    popTime: broker.clock.now(),
    reviveQueueId: wish.ordered ? ORDERED : broker.pops.nextReviveQueue(),
    queues: [],
    count: 0,
    sizeBytes: 0,
    restNum: 0,
  };
  try {
    await popAll(broker, running, dice);
  } catch (error) {
    if (running.count === 0) throw error;
    // What is popped already is given out: it would be invisible for nothing.
    broker.logger.error(`a pop of ${wish.topic} for ${wish.group} ends early: ${errorText(error)}`);
  }
  if (running.count === 0) broker.statistics.missed();
  return running;
}

async function popAll(broker: BrokerContext, running: Running, dice: number): Promise<void> {
  const { topic, queueId } = running.wish;
  // Never for priorities. Source: PopMessageProcessor.java of 5.5.0, popFromRetryProbabilityForPriority.
  const retryFirst = dice < broker.config.popFromRetryProbability && !isByPriority(broker, running, topic);
  if (retryFirst) await popRetries(broker, running, dice);
  if (queueId < 0) await popTopic(broker, running, topic, dice);
  else await popQueue(broker, running, topic, queueId);
  if (!retryFirst) await popRetries(broker, running, dice);
}

/** An ordered pop has none: its messages wait in their own queue. */
async function popRetries(broker: BrokerContext, running: Running, dice: number): Promise<void> {
  const { topic, group, ordered } = running.wish;
  if (!ordered) await popTopic(broker, running, retryTopicToPop(broker, topic, group, dice), dice);
}

/** Of the two names of the retry topic one a pop, since the answer has one flag for both. */
function retryTopicToPop({ config }: BrokerContext, topic: string, group: string, dice: number): string {
  const isNew = config.enableRetryTopicV2 && !(config.retrieveMessageFromPopRetryTopicV1 && dice % 2 === 0);
  return popRetryTopic(topic, group, isNew ? '2' : '1');
}

/** Every queue, beginning with any. */
async function popTopic(broker: BrokerContext, running: Running, topic: string, dice: number): Promise<void> {
  const queueNums = broker.topics.get(topic)?.readQueueNums ?? 0;
  const isDescending = isByPriority(broker, running, topic);
  for (let step = 0; step < queueNums; step += 1) {
    const queueId = isDescending ? queueNums - 1 - step : (dice + step) % queueNums;
    await popQueue(broker, running, topic, queueId);
  }
}

/** The queue is the priority: the highest is served first. */
function isByPriority({ topics }: BrokerContext, { wish }: Running, topic: string): boolean {
  return !wish.ordered && topics.get(topic)?.attributes['message.type'] === 'PRIORITY';
}

function popQueue(broker: BrokerContext, running: Running, topic: string, queueId: number): Promise<void> {
  return broker.pops.turns.take(topic, running.wish.group, queueId, () => popInTurn(broker, running, topic, queueId));
}

async function popInTurn(broker: BrokerContext, running: Running, topic: string, queueId: number): Promise<void> {
  const { store, pops, offsets } = broker;
  const { wish } = running;
  const { group, initMode, ordered, attemptId } = wish;
  let start = await popOffset(broker, { topic, group, queueId, initMode });
  // What a blocked queue holds does not count as left: who waits would be woken for nothing.
  if (ordered && pops.orders.isBlocked(topic, group, queueId, attemptId)) return;
  if (running.count >= wish.maxMessages || running.sizeBytes >= MAX_BYTES) {
    running.restNum += Math.max(0, store.maxOffset(topic, queueId) - start);
    return;
  }
  let found = await read(broker, running, topic, queueId, start);
  if (found.status === 'offset-too-small' || found.status === 'offset-overflow-badly') {
    broker.logger.warn(`${group} pops ${topic} queue ${queueId} from ${found.nextBeginOffset}: ${start} is outside`);
    start = found.nextBeginOffset;
    offsets.commit(group, topic, queueId, start);
    found = await read(broker, running, topic, queueId, start);
  }
  if (found.count > 0) give(broker, running, { topic, queueId, startOffset: start }, found);
  else if (found.nextBeginOffset > start) {
    if (ordered) offsets.commit(group, topic, queueId, found.nextBeginOffset);
    else pops.checkPoints.skip(topic, group, queueId, found.nextBeginOffset);
  }
  running.restNum += Math.max(0, found.maxOffset - found.nextBeginOffset);
}

function read(
  broker: BrokerContext,
  running: Running,
  topic: string,
  queueId: number,
  offset: number,
): Promise<ReadResult> {
  const { filter, maxMessages } = running.wish;
  return broker.store.read({
    topic,
    queueId,
    offset,
    maxMessages: maxMessages - running.count,
    maxBytes: MAX_QUEUE_BYTES,
    ...(filter === TAKES_ALL ? {} : { filter }),
  });
}

/** Notes the messages as popped, and only then adds them to what the client gets. */
function give(
  broker: BrokerContext,
  running: Running,
  queue: { readonly topic: string; readonly queueId: number; readonly startOffset: number },
  { records, nextBeginOffset, sizeBytes }: ReadResult,
): void {
  const { wish, popTime, reviveQueueId } = running;
  const offsets = records.flatMap(queueOffsets);
  const { group, attemptId, invisibleTimeMs: invisibleTime } = wish;
  let order: OrderCounts | undefined;
  if (wish.ordered) {
    order = broker.pops.orders.note({ ...queue, group, attemptId, popTime, invisibleTime, offsets });
    broker.offsets.commit(group, queue.topic, queue.queueId, queue.startOffset);
  } else {
    const brokerName = broker.config.brokerName;
    const point = { ...queue, group, popTime, invisibleTime, brokerName, offsets, suspend: false };
    broker.pops.checkPoints.add(point, reviveQueueId, nextBeginOffset);
    broker.statistics.checkPointed(wish.topic, group);
  }
  broker.statistics.served(queue.topic, group, queue.queueId, offsets.length, sizeBytes, popTime);
  running.queues.push({ ...queue, offsets, records, sizeBytes, order });
  running.count += offsets.length;
  running.sizeBytes += sizeBytes;
}

function queueOffsets(piece: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < piece.length; at += piece.readInt32BE(at)) {
    offsets.push(readInt64(piece, at + RecordOffset.QUEUE_OFFSET));
  }
  return offsets;
}
