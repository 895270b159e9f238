import type { BrokerData, QueueData, TopicRoute } from '../protocol/bodies/route.ts';

/** One queue of a topic, and the broker that is asked for it. */
export interface RouteQueue {
  readonly address: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** No topic has as many; a route that says so must not take all memory. */
const MAX_QUEUES = 65_536;

/**
 * The queues of a route that have a permission and a broker with an address, the first 65 536 of them.
 * `countOf` is one of the two queue numbers; `addressOf` gives none for a broker that cannot be asked.
 */
export function routeQueues(
  { brokers, queues }: TopicRoute,
  perm: number,
  countOf: (queue: QueueData) => number,
  addressOf: (broker: BrokerData) => string | undefined,
): readonly RouteQueue[] {
  const found: RouteQueue[] = [];
  for (const queue of queues) {
    const broker = brokers.find(({ brokerName }) => brokerName === queue.brokerName);
    const address = broker === undefined ? undefined : addressOf(broker);
    if (address === undefined || (queue.perm & perm) === 0) continue;
    const count = Math.min(countOf(queue), MAX_QUEUES - found.length);
    for (let queueId = 0; queueId < count; queueId += 1) {
      found.push({ address, brokerName: queue.brokerName, queueId });
    }
  }
  return found;
}
