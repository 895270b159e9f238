import type { Counter } from './windows.ts';

interface QueueCounters {
  readonly putNums: Counter;
  readonly putSize: Counter;
  readonly putLatency: Counter;
}

interface GroupCounters {
  readonly getNums: Counter;
  readonly getSize: Counter;
  readonly sentBack: Counter;
  readonly acks: Counter;
  readonly checkPoints: Counter;
  /** By queue. */
  readonly getLatency: Map<number, Counter>;
}

interface TopicCounters {
  readonly isSystem: boolean;
  readonly putNums: Counter;
  readonly putSize: Counter;
  readonly queues: Map<number, QueueCounters>;
  readonly groups: Map<string, GroupCounters>;
}

/** The counters of every topic, with those of its queues and groups, made when something is counted first. */
export class TopicCounterTable {
  readonly #newCounter: () => Counter;
  readonly #isSystemTopic: (topic: string) => boolean;
  readonly #topics = new Map<string, TopicCounters>();

  constructor(newCounter: () => Counter, isSystemTopic: (topic: string) => boolean) {
    this.#newCounter = newCounter;
    this.#isSystemTopic = isSystemTopic;
  }

  get(topic: string): TopicCounters | undefined {
    return this.#topics.get(topic);
  }

  obtain(topic: string): TopicCounters {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const counters: TopicCounters = {
      isSystem: this.#isSystemTopic(topic),
      putNums: this.#newCounter(),
      putSize: this.#newCounter(),
      queues: new Map(),
      groups: new Map(),
    };
    this.#topics.set(topic, counters);
    return counters;
  }

  queueOf({ queues }: TopicCounters, queueId: number): QueueCounters {
    const known = queues.get(queueId);
    if (known !== undefined) return known;
    const counters: QueueCounters = {
      putNums: this.#newCounter(),
      putSize: this.#newCounter(),
      putLatency: this.#newCounter(),
    };
    queues.set(queueId, counters);
    return counters;
  }

  groupOf({ groups }: TopicCounters, group: string): GroupCounters {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const counters: GroupCounters = {
      getNums: this.#newCounter(),
      getSize: this.#newCounter(),
      sentBack: this.#newCounter(),
      acks: this.#newCounter(),
      checkPoints: this.#newCounter(),
      getLatency: new Map(),
    };
    groups.set(group, counters);
    return counters;
  }

  latencyOf({ getLatency }: GroupCounters, queueId: number): Counter {
    let latency = getLatency.get(queueId);
    if (latency === undefined) getLatency.set(queueId, (latency = this.#newCounter()));
    return latency;
  }

  delete(topic: string): void {
    this.#topics.delete(topic);
  }

  deleteGroup(group: string): void {
    for (const { groups } of this.#topics.values()) groups.delete(group);
  }

  /** By the names of BrokerStatsManager.java and the parts of their keys; undefined for what was never counted. */
  find(name: string, [first = '', second = '', third = '']: readonly string[]): Counter | undefined {
    const topic = this.#topics.get(first);
    switch (name) {
      case 'TOPIC_PUT_NUMS':
        return topic?.putNums;
      case 'TOPIC_PUT_SIZE':
        return topic?.putSize;
      case 'QUEUE_PUT_NUMS':
        return topic?.queues.get(Number(second))?.putNums;
      case 'QUEUE_PUT_SIZE':
        return topic?.queues.get(Number(second))?.putSize;
      case 'GROUP_GET_NUMS':
        return topic?.groups.get(second)?.getNums;
      case 'GROUP_GET_SIZE':
        return topic?.groups.get(second)?.getSize;
      case 'SNDBCK_PUT_NUMS':
        return topic?.groups.get(second)?.sentBack;
      case 'GROUP_ACK_NUMS':
        return topic?.groups.get(second)?.acks;
      case 'GROUP_CK_NUMS':
        return topic?.groups.get(second)?.checkPoints;
      // These two begin with the queue.
      case 'TOPIC_PUT_LATENCY':
        return this.#topics.get(second)?.queues.get(Number(first))?.putLatency;
      case 'GROUP_GET_LATENCY':
        return this.#topics.get(second)?.groups.get(third)?.getLatency.get(Number(first));
      default:
        return undefined;
    }
  }
}
