import { totalmem } from 'node:os';
import { InitMode } from '../../protocol/requests/pop.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { BrokerContext } from '../brokerContext.ts';

/** Share of the memory in which the newest messages are taken to be. Source: accessMessageInMemoryMaxRatio. */
const IN_MEMORY_RATIO = 0.4;

/** Where a group's next pop of a queue begins, as far as that is known without its first pop. */
export function knownPopOffset(
  broker: BrokerContext,
  topic: string,
  group: string,
  queueId: number,
): number | undefined {
  const committed = broker.offsets.committed(group, topic, queueId);
  if (broker.offsets.isReset(group, topic, queueId)) return committed;
  const latest = broker.pops.checkPoints.latest(topic, group, queueId);
  return latest === undefined ? committed : Math.max(latest, committed ?? 0);
}

/**
 * The same; a group that is new to the queue begins where its client says, and one that was sent elsewhere goes there
 * and is free of what it popped in order before.
 */
export async function popOffset(
  broker: BrokerContext,
  queue: { readonly topic: string; readonly group: string; readonly queueId: number; readonly initMode: number },
): Promise<number> {
  const { topic, group, queueId } = queue;
  const reset = broker.offsets.takeReset(group, topic, queueId);
  if (reset !== undefined) {
    broker.pops.orders.clear(topic, group, queueId);
    broker.pops.checkPoints.clear(topic, group, queueId);
    broker.offsets.commit(group, topic, queueId, reset);
    return reset;
  }
  const known = knownPopOffset(broker, topic, group, queueId);
  if (known !== undefined) return known;
  const offset = await initOffset(broker, topic, queueId, queue.initMode);
  broker.offsets.commit(group, topic, queueId, offset);
  return offset;
}

/** Source: PopMessageProcessor.java, getInitOffset; broker sheet §12.1, 3. */
async function initOffset(
  { store, config }: BrokerContext,
  topic: string,
  queueId: number,
  initMode: number,
): Promise<number> {
  const min = store.minOffset(topic, queueId);
  if (initMode === InitMode.MIN || topic.startsWith(RETRY_PREFIX)) return min;
  if (config.initPopOffsetByCheckMsgInMem && min <= 0) {
    const first = await store.entry(topic, queueId, 0);
    const isInMemory =
      first !== undefined && store.maxPhysicalOffset - first.physicalOffset <= totalmem() * IN_MEMORY_RATIO;
    if (isInMemory) return 0;
  }
  return Math.max(0, store.maxOffset(topic, queueId) - 1);
}
