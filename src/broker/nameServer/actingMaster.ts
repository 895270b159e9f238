import { Perm } from '../../protocol/bodies/route.ts';
import type { BrokerData, TopicRoute } from '../../protocol/bodies/route.ts';

/** Brokers of one group meet by this topic, and must see each other as they are. */
const MEMBER_TOPIC_PREFIX = 'rmq_sys_SYNC_BROKER_MEMBER_';

/**
 * Shows, where a group's master is gone and its topic takes no writes, the slave with the smallest id as the master, so
 * that its messages can be read. Source: RouteInfoManager.java, pickupTopicRouteData.
 */
export function withActingMasters(topic: string, route: TopicRoute): TopicRoute {
  if (topic.startsWith(MEMBER_TOPIC_PREFIX)) return route;
  const takesNoWrites = (brokerName: string): boolean => {
    const queue = route.queues.find((data) => data.brokerName === brokerName);
    return queue !== undefined && (queue.perm & Perm.WRITE) === 0;
  };
  const brokers = route.brokers.map((broker): BrokerData => {
    const { brokerAddrs, enableActingMaster, brokerName } = broker;
    if (!enableActingMaster || brokerAddrs.has(0) || !takesNoWrites(brokerName)) return broker;
    const smallest = Math.min(...brokerAddrs.keys());
    const entries = [...brokerAddrs].map(([id, address]) => [id === smallest ? 0 : id, address] as const);
    return { ...broker, brokerAddrs: new Map(entries) };
  });
  return { ...route, brokers };
}

/**
 * The brokers of one zone, for clients that ask for those only; where a master is gone its slaves stay, whatever their
 * zone. Source: ZoneRouteRPCHook.java.
 */
export function inZone(zoneName: string, route: TopicRoute): TopicRoute {
  const brokers = route.brokers.filter(
    (broker) => !broker.brokerAddrs.has(0) || broker.zoneName?.toLowerCase() === zoneName.toLowerCase(),
  );
  const removed = new Set(
    route.brokers.filter((broker) => !brokers.includes(broker)).map((broker) => broker.brokerName),
  );
  return { ...route, brokers, queues: route.queues.filter((queue) => !removed.has(queue.brokerName)) };
}
