import { encodeBrokerConsumeStats, encodeBrokerStats } from '../../protocol/bodies/brokerStats.ts';
import type { StatsItem, TopicProgress } from '../../protocol/bodies/brokerStats.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { brokerConsumeStats, viewBrokerStats } from '../../protocol/requests/admin.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import type { WindowName } from '../statistics/windows.ts';
import { storeTimeAt } from './offset.ts';

/** VIEW_BROKER_STATS_DATA 315: one counter, by the names of BrokerStatsManager.java. */
export function getBrokerStats({ statistics }: BrokerContext, { command }: IncomingRequest): Reply {
  const { statsName, statsKey } = decodeFields(viewBrokerStats, command.extFields);
  const counter = statistics.find(statsName, statsKey);
  if (counter === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `The stats <${statsName}> <${statsKey}> not exist` };
  }
  const item = (window: WindowName): StatsItem => {
    const { sum, tps, average } = counter.snapshot(window);
    return { sum, tps, avgpt: average };
  };
  return successBody(
    encodeBrokerStats({ statsMinute: item('minute'), statsHour: item('hour'), statsDay: item('day') }),
  );
}

/** GET_BROKER_CONSUME_STATS 317: how far every group is. Source: AdminBrokerProcessor.java, fetchAllConsumeStatsInBroker. */
export async function getBrokerConsumeStats(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { isOrder } = decodeFields(brokerConsumeStats, command.extFields);
  const groups = new Map<string, TopicProgress[]>();
  for (const group of broker.groups.names()) {
    const topics: TopicProgress[] = [];
    for (const topic of countedTopics(broker, group, isOrder === true)) {
      topics.push(await topicProgress(broker, group, topic));
    }
    groups.set(group, topics);
  }
  return successBody(encodeBrokerConsumeStats(broker.address, groups));
}

/** Topics in which the group has offsets and, while it is online, subscribes to. */
function countedTopics(broker: BrokerContext, group: string, onlyOrdered: boolean): string[] {
  const subscriptions = broker.consumers.get(group)?.subscriptions;
  return broker.offsets.topicsOf(group).filter((topic) => {
    const config = broker.topics.get(topic);
    if (config === undefined || (onlyOrdered && !config.order)) return false;
    return subscriptions === undefined || subscriptions.size === 0 || subscriptions.has(topic);
  });
}

/** As Java answers it: of the queues that can be written to, and without how far the group has read. */
async function topicProgress(broker: BrokerContext, group: string, topic: string): Promise<TopicProgress> {
  const queueCount = broker.topics.get(topic)?.writeQueueNums ?? 0;
  const queues = await Promise.all(
    Array.from({ length: queueCount }, async (_, queueId) => {
      const consumerOffset = Math.max(0, broker.offsets.committed(group, topic, queueId) ?? 0);
      return {
        topic,
        brokerName: broker.config.brokerName,
        queueId,
        brokerOffset: broker.store.maxOffset(topic, queueId),
        consumerOffset,
        pullOffset: 0,
        lastTimestamp: (await storeTimeAt(broker, topic, queueId, consumerOffset - 1)) ?? 0,
      };
    }),
  );
  return { consumeTps: broker.statistics.groupGetTps(topic, group), queues };
}
