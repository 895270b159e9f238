import { DEAD_LETTER_PREFIX, RETRY_PREFIX, isSystemTopic, replyTopic } from '../protocol/topicName.ts';
import type { ClusterInfo } from '../protocol/bodies/route.ts';
import type { TopicKind } from './model.ts';

/** Names that a cluster gives to topics of its own: broker sheet §2.1. */
export function ownTopics(cluster: ClusterInfo): Set<string> {
  const names = new Set(cluster.brokers.map(({ brokerName }) => brokerName));
  for (const clusterName of cluster.clusters.keys()) names.add(clusterName).add(replyTopic(clusterName));
  return names;
}

/** @param systemNames what the brokers call system topics, and the cluster's own */
export function topicKind(topic: string, systemNames: ReadonlySet<string>): TopicKind {
  if (topic.startsWith(RETRY_PREFIX)) return 'retry';
  if (topic.startsWith(DEAD_LETTER_PREFIX)) return 'deadLetter';
  return systemNames.has(topic) || isSystemTopic(topic) ? 'system' : 'normal';
}
