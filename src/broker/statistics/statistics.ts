import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { SCHEDULE_TOPIC } from '../../protocol/topicName.ts';
import { Mornings } from './dayTotals.ts';
import type { DayTotals } from './dayTotals.ts';
import { PutTimes } from './putTimes.ts';
import { StoreRates } from './storeRates.ts';
import type { RateName, Totals } from './storeRates.ts';
import { TopicCounterTable } from './topicCounters.ts';
import { Windows } from './windows.ts';
import type { Counter } from './windows.ts';

/** What the store counts by itself: every record, whoever wrote it. */
export interface Appended {
  readonly appendedRecords: number;
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
  readonly #store: Appended;
  readonly #windows: Windows;
  readonly #rates: StoreRates;
  readonly #puts: Mornings;
  readonly #gets: Mornings;
  readonly #owned = new DisposableStore();
  readonly #topics: TopicCounterTable;
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
    /** Of the machine. */
    readonly clock: Clock;
    /** Of when a message was stored, or a request began. */
    readonly messageClock: Clock;
    readonly clusterName: string;
    readonly store: Appended;
    readonly isSystemTopic: (topic: string) => boolean;
  }) {
    const { clock } = parts;
    this.#clock = parts.messageClock;
    this.#clusterName = parts.clusterName;
    this.#store = parts.store;
    this.#windows = this.#owned.add(new Windows(clock));
    const counter = (): Counter => this.#windows.counter();
    this.#topics = new TopicCounterTable(counter, parts.isSystemTopic);
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
    const counters = this.#topics.obtain(topic);
    counters.putNums.add(count);
    counters.putSize.add(bytes);
    const queue = this.#topics.queueOf(counters, queueId);
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
    const counters = this.#topics.obtain(topic);
    const ofGroup = this.#topics.groupOf(counters, group);
    ofGroup.getNums.add(count);
    ofGroup.getSize.add(bytes);
    const tookMs = Math.max(0, this.#clock.now() - sinceMs);
    this.#topics.latencyOf(ofGroup, queueId).add(tookMs);
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
    const ofGroup = this.#topics.groupOf(this.#topics.obtain(SCHEDULE_TOPIC), LEVEL_GROUP);
    ofGroup.getNums.add(1);
    ofGroup.getSize.add(bytes);
  }

  sentBack(topic: string, group: string): void {
    this.#topics.groupOf(this.#topics.obtain(topic), group).sentBack.add(1);
  }

  acked(topic: string, group: string, count: number): void {
    this.#topics.groupOf(this.#topics.obtain(topic), group).acks.add(count);
    this.#broker.BROKER_ACK_NUMS.add(count, 0);
  }

  checkPointed(topic: string, group: string): void {
    this.#topics.groupOf(this.#topics.obtain(topic), group).checkPoints.add(1);
    this.#broker.BROKER_CK_NUMS.add(1, 0);
  }

  topicDeleted(topic: string): void {
    this.#topics.delete(topic);
  }

  groupDeleted(group: string): void {
    this.#topics.deleteGroup(group);
  }

  /** By the names and keys of BrokerStatsManager.java; undefined for what was never counted. */
  find(name: string, key: string): Counter | undefined {
    const counter = this.#find(name, key);
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

  #find(name: string, key: string): Counter | undefined {
    if (Object.hasOwn(this.#broker, name)) {
      return key === this.#clusterName ? this.#broker[name as BrokerStatistic] : undefined;
    }
    const parts = key.split('@');
    const isOfLevel = name === 'QUEUE_GET_NUMS' || name === 'QUEUE_GET_SIZE';
    return isOfLevel ? this.#ofLevel(name, parts) : this.#topics.find(name, parts);
  }

  /** Source: ScheduleMessageService.java, which alone counts what is taken from a queue. */
  #ofLevel(name: string, [topic, queueId, group]: readonly string[]): Counter | undefined {
    if (topic !== SCHEDULE_TOPIC || group !== LEVEL_GROUP) return undefined;
    const level = this.#levels.get(Number(queueId));
    return name === 'QUEUE_GET_NUMS' ? level?.nums : level?.size;
  }
}
