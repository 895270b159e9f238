import { Perm } from '../protocol/bodies/route.ts';
import { topicConfig } from '../protocol/bodies/topic.ts';
import type { TopicConfig } from '../protocol/bodies/topic.ts';
import { parseDelayLevels } from '../protocol/delayLevel.ts';
import {
  AUTO_CREATE_TOPIC,
  BENCHMARK_TOPIC,
  HALF_OP_TOPIC,
  HALF_TOPIC,
  OFFSET_MOVED_TOPIC,
  SCHEDULE_TOPIC,
  SELF_TEST_TOPIC,
  TIMER_TOPIC,
  TRACE_TOPIC,
  isSystemTopic,
  replyTopic,
  reviveTopic,
} from '../protocol/topicName.ts';
import type { BrokerConfig } from './config.ts';

/** Topics that a broker has from its start. Source: TopicConfigManager.java, init; broker sheet §2.1. */
export function systemTopics(config: BrokerConfig): TopicConfig[] {
  const { brokerClusterName, brokerName, defaultTopicQueueNums } = config;
  const readWrite = Perm.READ | Perm.WRITE;
  return [
    ...(config.autoCreateTopicEnable
      ? [topic(AUTO_CREATE_TOPIC, defaultTopicQueueNums, readWrite | Perm.INHERIT)]
      : []),
    topic(brokerClusterName, 16, Perm.INHERIT | (config.clusterTopicEnable ? readWrite : 0)),
    topic(brokerName, 1, Perm.INHERIT | (config.brokerTopicEnable ? readWrite : 0)),
    topic(SELF_TEST_TOPIC, 1),
    topic(BENCHMARK_TOPIC, 1024),
    topic(OFFSET_MOVED_TOPIC, 1),
    topic(SCHEDULE_TOPIC, parseDelayLevels(config.messageDelayLevel).length),
    ...(config.traceTopicEnable ? [topic(TRACE_TOPIC, 1)] : []),
    topic(replyTopic(brokerClusterName), 1),
    topic(HALF_TOPIC, 1),
    topic(HALF_OP_TOPIC, 1),
    ...(config.timerWheelEnable ? [topic(TIMER_TOPIC, 1)] : []),
    topic(reviveTopic(brokerClusterName), config.reviveQueueNum),
    topic(`rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`, 1, Perm.INHERIT),
  ];
}

/** True for names that no user may create: those known to the protocol and those of this broker. */
export function isSystemTopicOf(config: BrokerConfig, name: string): boolean {
  return (
    isSystemTopic(name) ||
    name === config.brokerClusterName ||
    name === config.brokerName ||
    name === replyTopic(config.brokerClusterName)
  );
}

function topic(topicName: string, queueNums: number, perm: number = Perm.READ | Perm.WRITE): TopicConfig {
  return topicConfig({ topicName, readQueueNums: queueNums, writeQueueNums: queueNums, perm });
}
