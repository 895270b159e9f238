import { CodedError } from '../base/errors.ts';

/* Names: remoting sheet §4.3 and §4.15, broker sheet §2.1. Source: TopicValidator.java, MixAll.java. */

export const RETRY_PREFIX = '%RETRY%';
export const DEAD_LETTER_PREFIX = '%DLQ%';
const SYSTEM_PREFIX = 'rmq_sys_';

export const AUTO_CREATE_TOPIC = 'TBW102';
export const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';
/** Messages for a moment wait here until they are due. Source: TimerMessageStore.java. */
export const TIMER_TOPIC = 'rmq_sys_wheel_timer';
export const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
export const HALF_TOPIC = 'RMQ_SYS_TRANS_HALF_TOPIC';
export const HALF_OP_TOPIC = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
export const TRANSACTION_CHECK_MAX_TIME_TOPIC = 'TRANS_CHECK_MAX_TIME_TOPIC';
export const SELF_TEST_TOPIC = 'SELF_TEST_TOPIC';
export const BENCHMARK_TOPIC = 'BenchmarkTest';
export const OFFSET_MOVED_TOPIC = 'OFFSET_MOVED_EVENT';

/** System topics by name on every broker; the cluster's and the broker's own names come on top. */
export const SYSTEM_TOPICS: ReadonlySet<string> = new Set([
  AUTO_CREATE_TOPIC,
  SCHEDULE_TOPIC,
  BENCHMARK_TOPIC,
  TRACE_TOPIC,
  HALF_TOPIC,
  HALF_OP_TOPIC,
  TRANSACTION_CHECK_MAX_TIME_TOPIC,
  SELF_TEST_TOPIC,
  OFFSET_MOVED_TOPIC,
  'CHECKPOINT_TOPIC',
]);

/** Clients may not send to these (code 16). */
export const SEND_FORBIDDEN_TOPICS: ReadonlySet<string> = new Set([
  SCHEDULE_TOPIC,
  HALF_TOPIC,
  HALF_OP_TOPIC,
  TRANSACTION_CHECK_MAX_TIME_TOPIC,
  SELF_TEST_TOPIC,
  OFFSET_MOVED_TOPIC,
]);

export function isSystemTopic(topic: string): boolean {
  return SYSTEM_TOPICS.has(topic) || topic.startsWith(SYSTEM_PREFIX);
}

export function retryTopic(group: string): string {
  return RETRY_PREFIX + group;
}

export function deadLetterTopic(group: string): string {
  return DEAD_LETTER_PREFIX + group;
}

export function replyTopic(clusterName: string): string {
  return `${clusterName}_REPLY_TOPIC`;
}

/** Where the brokers of a cluster keep what is popped. Source: PopAckConstants.java. */
export function reviveTopic(clusterName: string): string {
  return `${SYSTEM_PREFIX}REVIVE_LOG_${clusterName}`;
}

export const MAX_TOPIC_LENGTH = 127;
const MAX_RETRY_TOPIC_LENGTH = 255;
export const MAX_GROUP_LENGTH = 120;

const ALLOWED = /^[%|a-zA-Z0-9_-]+$/;

/** Why a broker would refuse the topic's name, or undefined when it would not. */
export type NameProblem = 'blank' | 'too-long' | 'illegal-characters';

export function topicNameProblem(topic: string): NameProblem | undefined {
  const isRetry = topic.startsWith(RETRY_PREFIX) || topic.startsWith(DEAD_LETTER_PREFIX);
  return nameProblem(topic, isRetry ? MAX_RETRY_TOPIC_LENGTH : MAX_TOPIC_LENGTH);
}

export function groupNameProblem(group: string): NameProblem | undefined {
  return nameProblem(group, MAX_GROUP_LENGTH);
}

/** @throws CodedError `topic-name-invalid` */
export function checkTopicName(topic: string): void {
  const reason = topicNameProblem(topic);
  if (reason !== undefined) throw new CodedError('topic-name-invalid', { topic, reason });
}

function nameProblem(name: string, maxLength: number): NameProblem | undefined {
  if (name.trim() === '') return 'blank';
  if (!ALLOWED.test(name)) return 'illegal-characters';
  return name.length > maxLength ? 'too-long' : undefined;
}
