import { stringifyFastjson } from '../fastjson.ts';
import { consumeStatsJson } from './consumeStats.ts';
import type { QueueProgress } from './consumeStats.ts';

/** The growth of a counter in one window of time. */
export interface StatsItem {
  readonly sum: number;
  readonly tps: number;
  readonly avgpt: number;
}

/** Body of VIEW_BROKER_STATS_DATA 315. */
export function encodeBrokerStats(stats: {
  readonly statsMinute: StatsItem;
  readonly statsHour: StatsItem;
  readonly statsDay: StatsItem;
}): Buffer {
  return Buffer.from(stringifyFastjson(stats));
}

/** A group's progress in one topic. */
export interface TopicProgress {
  readonly consumeTps: number;
  readonly queues: readonly QueueProgress[];
}

/** Body of GET_BROKER_CONSUME_STATS 317. */
export function encodeBrokerConsumeStats(
  brokerAddr: string,
  groups: ReadonlyMap<string, readonly TopicProgress[]>,
): Buffer {
  const queues = [...groups.values()].flat().flatMap((topic) => topic.queues);
  const sum = (pick: (queue: QueueProgress) => number): number =>
    queues.reduce((total, queue) => total + pick(queue), 0);
  return Buffer.from(
    stringifyFastjson({
      brokerAddr,
      consumeStatsList: [...groups].map(([group, topics]) => ({
        [group]: topics.map((topic) => consumeStatsJson(topic.queues, topic.consumeTps)),
      })),
      totalDiff: sum((queue) => queue.brokerOffset - queue.consumerOffset),
      totalInflightDiff: sum((queue) => queue.pullOffset - queue.consumerOffset),
    }),
  );
}
