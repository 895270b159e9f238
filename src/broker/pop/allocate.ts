import type { RequestMode } from '../../protocol/bodies/pop.ts';
import type { MessageQueue } from '../../protocol/bodies/topic.ts';

/** Gives a client its share; queues and clients are sorted the same way for all of them. */
type Strategy = (clientId: string, queues: readonly MessageQueue[], clientIds: readonly string[]) => MessageQueue[];

/** By the names that clients send. Source: AllocateMessageQueueAveragely.java, AllocateMessageQueueAveragelyByCircle.java. */
const strategies: Readonly<Record<string, Strategy>> = { AVG: inRuns, AVG_BY_CIRCLE: inTurn };

/**
 * The queues that a client of a group consumes. Source: QueryAssignmentProcessor.java; broker sheet §12.5.
 * @returns undefined for a strategy that nobody knows
 */
export function allocateQueues(
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  {
    clientId,
    strategyName,
    mode,
  }: { readonly clientId: string; readonly strategyName: string; readonly mode: RequestMode },
): MessageQueue[] | undefined {
  const strategy = Object.hasOwn(strategies, strategyName) ? strategies[strategyName] : undefined;
  if (strategy === undefined) return undefined;
  const sortedQueues = [...queues].sort(byName);
  const sortedIds = [...clientIds].sort();
  if (mode.mode === 'PULL') return strategy(clientId, sortedQueues, sortedIds);
  return allocateForPop(strategy, clientId, sortedQueues, sortedIds, mode.popShareQueueNum);
}

/** With POP several clients may have one queue: all of them every queue, or each also those of so many others. */
function allocateForPop(
  strategy: Strategy,
  clientId: string,
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  shared: number,
): MessageQueue[] {
  if (shared <= 0 || shared >= clientIds.length - 1) {
    const brokers = new Map(queues.map(({ topic, brokerName }) => [brokerName, topic]));
    return [...brokers].map(([brokerName, topic]) => ({ topic, brokerName, queueId: -1 }));
  }
  const index = clientIds.indexOf(clientId);
  if (clientIds.length > queues.length) {
    const queue = index < 0 ? undefined : queues[index % queues.length];
    return queue === undefined ? [] : [queue];
  }
  if (index < 0) return [];
  const helped = Array.from({ length: shared + 1 }, (_, step) => clientIds[(index + step) % clientIds.length] ?? '');
  return [...new Set(helped.flatMap((id) => strategy(id, queues, clientIds)))];
}

/** Neighbouring queues; the first clients have one more where it does not divide evenly. */
function inRuns(clientId: string, queues: readonly MessageQueue[], clientIds: readonly string[]): MessageQueue[] {
  const index = clientIds.indexOf(clientId);
  if (index < 0) return [];
  const rest = queues.length % clientIds.length;
  const size = Math.floor(queues.length / clientIds.length) + (index < rest ? 1 : 0);
  const start = index * Math.floor(queues.length / clientIds.length) + Math.min(index, rest);
  return queues.slice(start, start + size);
}

function inTurn(clientId: string, queues: readonly MessageQueue[], clientIds: readonly string[]): MessageQueue[] {
  const index = clientIds.indexOf(clientId);
  return index < 0 ? [] : queues.filter((_, at) => at % clientIds.length === index);
}

/** Source: MessageQueue.java, compareTo. */
function byName(a: MessageQueue, b: MessageQueue): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  if (a.brokerName !== b.brokerName) return a.brokerName < b.brokerName ? -1 : 1;
  return a.queueId - b.queueId;
}
