import { stringifyFastjson } from '../fastjson.ts';
import type { MessageQueue } from './topic.ts';

/** How far a group is in one queue: remoting sheet §3.12, shape 8. */
export interface QueueProgress extends MessageQueue {
  readonly brokerOffset: number;
  readonly consumerOffset: number;
  readonly pullOffset: number;
  /** When the last consumed message was stored; 0 when unknown. */
  readonly lastTimestamp: number;
}

/** Body of GET_CONSUME_STATS 208, keyed by objects on the wire. */
export function encodeConsumeStats(queues: readonly QueueProgress[], consumeTps: number): Buffer {
  return Buffer.from(stringifyFastjson(consumeStatsJson(queues, consumeTps)));
}

export function consumeStatsJson(queues: readonly QueueProgress[], consumeTps: number): object {
  const offsetTable = new Map(
    queues.map(({ topic, brokerName, queueId, ...progress }) => [{ brokerName, queueId, topic }, progress] as const),
  );
  return { consumeTps, offsetTable };
}
