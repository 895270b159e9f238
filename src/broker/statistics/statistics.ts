import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { SCHEDULE_TOPIC } from '../../protocol/topicName.ts';
import { Mornings } from './dayTotals.ts';
import type { DayTotals } from './dayTotals.ts';
import { PutTimes } from './putTimes.ts';
import { StoreRates } from './storeRates.ts';
import type { RateName, Totals } from './storeRates.ts';
import { Windows } from './windows.ts';
import type { Counter } from './windows.ts';

/** What the store counts by itself: every record, whoever wrote it. */
export interface Appended {
  readonly appendedRecords: number;
}

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

type BrokerStatistic =
  | 'BROKER_PUT_NUMS'
  | 'BROKER_GET_NUMS'
  | 'BROKER_ACK_NUMS'
  | 'BROKER_CK_NUMS'
  | 'BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC'
  | 'BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC';

/** The group in whose name delay levels are read. */
const LEVEL_GROUP = 'SCHEDULE_CONSUMER';
const PUT_TIMES_TURN_MS = 60_000;

/**
 * What was stored and served, counted where it happens: a method call a request, a look-up by topic (and group) each,
 * no text made. Read by the names of BrokerStatsManager.java; broker sheet §14.
 */
export class Statistics implements Disposable {
  readonly putTimes = new PutTimes();
  readonly #clock: Clock;
  readonly #clusterName: string;
  readonly #isSystemTopic: (topic: string) => boolean;
  readonly #store: Appended;
  readonly #windows: Windows;
  readonly #rates: StoreRates;
  readonly #puts: Mornings;
  readonly #gets: Mornings;
  readonly #owned = new DisposableStore();
  readonly #topics = new Map<string, TopicCounters>();
  /** By statistics name; the key of all of them is the cluster's name. */
  readonly #broker: Readonly<Record<BrokerStatistic, Counter>>;
  /** Of delay levels, by queue of SCHEDULE_TOPIC_XXXX: nobody else counts what is taken from a queue. */
  readonly #levels = new Map<number, { readonly nums: Counter; readonly size: Counter }>();
  #putFailed = 0;
  #getFound = 0;
  #getMiss = 0;
  #transferred = 0;
  #getMaxMs = 0;

  constructor(parts: {
    readonly clock: Clock;
    readonly clusterName: string;
    readonly store: Appended;
    readonly isSystemTopic: (topic: string) => boolean;
  }) {
    const { clock } = parts;
    this.#clock = clock;
    this.#isSystemTopic = parts.isSystemTopic;
    this.#clusterName = parts.clusterName;
    this.#store = parts.store;
    this.#windows = this.#owned.add(new Windows(clock));
    const counter = (): Counter => this.#windows.counter();
    this.#broker = {
      BROKER_PUT_NUMS: counter(),
      BROKER_GET_NUMS: counter(),
      BROKER_ACK_NUMS: counter(),
      BROKER_CK_NUMS: counter(),
      BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC: counter(),
      BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC: counter(),
    };
    this.#rates = this.#owned.add(new StoreRates(clock, () => this.#totals()));
    this.#puts = this.#owned.add(new Mornings(clock, () => this.#broker.BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC.value));
    this.#gets = this.#owned.add(new Mornings(clock, () => this.#broker.BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC.value));
    this.#owned.add(clock.every(PUT_TIMES_TURN_MS, () => this.putTimes.turn()));
  }

  /**
   * Messages were stored in a queue for a client or on behalf of one; the topic is the one they are stored in.
   * @param sinceMs when the request began, or the record's store time
   */
  stored(topic: string, queueId: number, count: number, bytes: number, sinceMs: number): void {
    const counters = this.#topic(topic);
    counters.putNums.add(count);
    counters.putSize.add(bytes);
    let queue = counters.queues.get(queueId);
    if (queue === undefined) counters.queues.set(queueId, (queue = this.#queueCounters()));
    queue.putNums.add(count);
    queue.putSize.add(bytes);
    const tookMs = Math.max(0, this.#clock.now() - sinceMs);
    queue.putLatency.add(tookMs);
    this.putTimes.add(tookMs);
    this.#broker.BROKER_PUT_NUMS.add(count, 0);
    if (!counters.isSystem) this.#broker.BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC.add(count, 0);
  }

  /** The store refused a message. */
  refused(): void {
    this.#putFailed += 1;
  }

  /** Messages of a queue were given to a group. */
  served(topic: string, group: string, queueId: number, count: number, bytes: number, sinceMs: number): void {
    this.#getFound += 1;
    this.#transferred += count;
    const counters = this.#topic(topic);
    const ofGroup = this.#groupOf(counters, group);
    ofGroup.getNums.add(count);
    ofGroup.getSize.add(bytes);
    let latency = ofGroup.getLatency.get(queueId);
    if (latency === undefined) ofGroup.getLatency.set(queueId, (latency = this.#windows.counter()));
    const tookMs = Math.max(0, this.#clock.now() - sinceMs);
    latency.add(tookMs);
    if (tookMs > this.#getMaxMs) this.#getMaxMs = tookMs;
    this.#broker.BROKER_GET_NUMS.add(count, 0);
    if (!counters.isSystem) this.#broker.BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC.add(count, 0);
  }

  /** A read that found nothing. */
  missed(): void {
    this.#getMiss += 1;
  }

  /** A delayed message left the queue of its level. Source: ScheduleMessageService.java, handleResult. */
  levelDelivered(queueId: number, bytes: number): void {
    let level = this.#levels.get(queueId);
    if (level === undefined) {
      this.#levels.set(queueId, (level = { nums: this.#windows.counter(), size: this.#windows.counter() }));
    }
    level.nums.add(1);
    level.size.add(bytes);
    const ofGroup = this.#groupOf(this.#topic(SCHEDULE_TOPIC), LEVEL_GROUP);
    ofGroup.getNums.add(1);
    ofGroup.getSize.add(bytes);
  }

  sentBack(topic: string, group: string): void {
    this.#groupOf(this.#topic(topic), group).sentBack.add(1);
  }

  acked(topic: string, group: string, count: number): void {
    this.#groupOf(this.#topic(topic), group).acks.add(count);
    this.#broker.BROKER_ACK_NUMS.add(count, 0);
  }

  checkPointed(topic: string, group: string): void {
    this.#groupOf(this.#topic(topic), group).checkPoints.add(1);
    this.#broker.BROKER_CK_NUMS.add(1, 0);
  }

  topicDeleted(topic: string): void {
    this.#topics.delete(topic);
  }

  groupDeleted(group: string): void {
    for (const { groups } of this.#topics.values()) groups.delete(group);
  }

  /** By the names and keys of BrokerStatsManager.java; undefined for what was never counted. */
  find(name: string, key: string): Counter | undefined {
    const counter = Object.hasOwn(this.#broker, name)
      ? this.#ofBroker(name as BrokerStatistic, key)
      : this.#ofTopic(name, key.split('@'));
    return counter === undefined || counter.isUntouched ? undefined : counter;
  }

  /** Messages a second that were stored in a topic in the last minute. */
  topicPutTps(topic: string): number {
    return this.#topics.get(topic)?.putNums.snapshot('minute').tps ?? 0;
  }

  /** Messages a second that a group got from a topic in the last minute. */
  groupGetTps(topic: string, group: string): number {
    return this.#topics.get(topic)?.groups.get(group)?.getNums.snapshot('minute').tps ?? 0;
  }

  get putFailed(): number {
    return this.#putFailed;
  }

  /** The longest read that found something. */
  get getMaxMs(): number {
    return this.#getMaxMs;
  }

  get puts(): DayTotals {
    return this.#puts.totals;
  }

  get gets(): DayTotals {
    return this.#gets.totals;
  }

  /** Per second over the last 10, 60 and 600 s. */
  rates(...names: readonly RateName[]): readonly number[] {
    return this.#rates.of(...names);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #totals(): Totals {
    return {
      put: this.#store.appendedRecords,
      getFound: this.#getFound,
      getMiss: this.#getMiss,
      transferred: this.#transferred,
    };
  }

  #ofBroker(name: BrokerStatistic, key: string): Counter | undefined {
    return key === this.#clusterName ? this.#broker[name] : undefined;
  }

  #ofTopic(name: string, [first = '', second = '', third = '']: readonly string[]): Counter | undefined {
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
      case 'QUEUE_GET_NUMS':
        return first === SCHEDULE_TOPIC && third === LEVEL_GROUP ? this.#levels.get(Number(second))?.nums : undefined;
      case 'QUEUE_GET_SIZE':
        return first === SCHEDULE_TOPIC && third === LEVEL_GROUP ? this.#levels.get(Number(second))?.size : undefined;
      default:
        return undefined;
    }
  }

  #topic(name: string): TopicCounters {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const counters: TopicCounters = {
      isSystem: this.#isSystemTopic(name),
      putNums: this.#windows.counter(),
      putSize: this.#windows.counter(),
      queues: new Map(),
      groups: new Map(),
    };
    this.#topics.set(name, counters);
    return counters;
  }

  #groupOf({ groups }: TopicCounters, group: string): GroupCounters {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const counters: GroupCounters = {
      getNums: this.#windows.counter(),
      getSize: this.#windows.counter(),
      sentBack: this.#windows.counter(),
      acks: this.#windows.counter(),
      checkPoints: this.#windows.counter(),
      getLatency: new Map(),
    };
    groups.set(group, counters);
    return counters;
  }

  #queueCounters(): QueueCounters {
    return { putNums: this.#windows.counter(), putSize: this.#windows.counter(), putLatency: this.#windows.counter() };
  }
}
