import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { isLiteQueue } from '../../protocol/liteTopic.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { normalTopic } from '../../protocol/popReceipt.ts';
import type { PopCheckPoint } from '../../protocol/popRecord.ts';
import type { BrokerConfig } from '../config.ts';
import type { ConsumerOffsets } from '../state/consumerOffsets.ts';
import type { Groups } from '../state/groups.ts';
import { RequestModes } from '../state/requestModes.ts';
import type { Topics } from '../state/topics.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { Arrival, MessageToStore } from '../store/messageToStore.ts';
import { CheckPoints } from './checkPoints.ts';
import { HeldPops } from './heldPops.ts';
import { OrderedPops } from './orderedPops.ts';
import { QueueTurns } from './queueTurns.ts';
import { retryCopy } from './retryCopy.ts';
import { ReviveLog } from './reviveLog.ts';
import { Reviver } from './reviver.ts';

export interface PopsOptions {
  readonly clock: Clock;
  /** Of those who wait. */
  readonly steadyClock: Clock;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: ConsumerOffsets;
  readonly storeHost: HostAddress;
  /** The revive log of the cluster. */
  readonly reviveTopic: string;
  /** Stores the message, or lets it wait until the time that its properties name. */
  readonly putLater: (message: MessageToStore) => void;
  /** The same with all that one turn of the event loop stores; resolves when it is in the files. */
  readonly stageLater: (message: MessageToStore) => Promise<void>;
  /** Stores the message as it is. */
  readonly put: (message: MessageToStore) => void;
  /** Tells the NameServers of a new topic. */
  readonly announce: (topic: string) => void;
  readonly timersDelivered: (untilMs: number) => boolean;
  /** Called when nobody of a group is kept from the queue of a lite topic any more. */
  readonly onLiteFree: (queue: string, group: string) => void;
}

/** All that a broker keeps for POP. Broker sheet §12. */
export class Pops implements Disposable {
  readonly turns = new QueueTurns();
  readonly log: ReviveLog;
  readonly checkPoints: CheckPoints;
  readonly orders: OrderedPops;
  readonly modes: RequestModes;
  /** Pops that wait for a message. */
  readonly held: HeldPops;
  /** Those who only want to know of a message. */
  readonly notices: HeldPops;
  readonly #options: PopsOptions;
  readonly #revivers: readonly Reviver[];
  #popCount = 0;
  #stopped = false;

  /** @throws CodedError `store-damaged` */
  constructor(options: PopsOptions) {
    this.#options = options;
    const { clock, logger, config, store, offsets, reviveTopic: topic } = options;
    const file = (name: string): string => path.join(store.directory, 'config', name);
    this.log = new ReviveLog({
      topic,
      queues: config.reviveQueueNum,
      host: options.storeHost,
      now: () => clock.now(),
      put: options.putLater,
      stage: options.stageLater,
    });
    this.checkPoints = new CheckPoints({ clock, logger, offsets, log: this.log, config });
    const limits = {
      clock: options.steadyClock,
      maxOfQueue: config.popPollingSize,
      maxInAll: config.maxPopPollingSize,
      forceInterval: config.popLongPollingForceNotifyInterval,
    };
    this.held = new HeldPops(limits);
    this.notices = new HeldPops({ ...limits, newestFirst: true });
    this.orders = new OrderedPops({
      path: file('consumerOrderInfo.json'),
      clock,
      logger,
      saveDelayMs: config.flushConsumerOffsetInterval,
      exists: (name, group, queueId) =>
        queueId < (options.topics.get(name)?.readQueueNums ?? 0) && options.groups.has(group),
      onFree: (name, group, queueId) => {
        this.freed(name, group, queueId);
        this.notices.wake(name, group, queueId);
      },
    });
    this.modes = new RequestModes({ path: file('messageRequestMode.json'), clock, logger });
    this.#revivers = Array.from(
      { length: config.reviveQueueNum },
      (_, queueId) =>
        new Reviver({
          clock,
          logger,
          store,
          offsets,
          topic,
          queueId,
          brokerName: config.brokerName,
          timersDelivered: options.timersDelivered,
          revive: (point, offset) => this.#revive(point, offset),
        }),
    );
  }

  /** Pops are spread over the queues of the revive log. */
  nextReviveQueue(): number {
    this.#popCount += 1;
    return (this.#popCount - 1) % this.log.queues;
  }

  /** Settles when what is given again now is; undefined while nothing is. */
  get running(): Promise<unknown> | undefined {
    const running = this.#revivers.flatMap((reviver) => reviver.running ?? []);
    return running.length === 0 ? undefined : Promise.all(running);
  }

  start(): void {
    for (const reviver of this.#revivers) reviver.start();
  }

  arrived(arrival: Arrival): void {
    this.held.arrived(arrival);
    this.notices.arrived(arrival);
    if (arrival.topic === this.log.topic) this.#revivers[arrival.queueId]?.run();
  }

  /** Nobody of the group is kept from the queue any more. */
  freed(topic: string, group: string, queueId: number): void {
    if (isLiteQueue(topic)) this.#options.onLiteFree(topic, group);
    else this.held.wake(topic, group, queueId);
  }

  /** The topic was deleted. */
  forget(topic: string): void {
    this.checkPoints.forget(topic);
    this.orders.forget(new Set([topic]));
  }

  /** Waits for what is under way; everything that is to survive is in the store afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.held.dispose();
    this.notices.dispose();
    await Promise.all(this.#revivers.map((reviver) => reviver.stop()));
    this.log.writeGathered();
    this.checkPoints.stop();
    this.orders.dispose();
    this.modes.dispose();
  }

  dispose(): void {
    void this.stop();
  }

  #wake(topic: string, group: string): void {
    this.held.wake(topic, group);
    this.notices.wake(topic, group);
  }

  async #revive(point: PopCheckPoint, offset: number): Promise<void> {
    const { store, topics, groups, offsets, config, storeHost, logger } = this.#options;
    const { topic, group, queueId } = point;
    const known = normalTopic(topic, group);
    if (topics.get(known) === undefined || groups.find(group) === undefined) {
      logger.warn(`a message of ${topic} is not given to ${group} again: one of the two was deleted`);
      return;
    }
    const entry = await store.entry(topic, queueId, offset);
    const record = entry && (await store.record(entry.physicalOffset));
    if (record === undefined) {
      logger.warn(`a message of ${topic} is not given to ${group} again: offset ${offset} is gone`);
      return;
    }
    const flag = config.enableRetryTopicV2 ? '2' : '1';
    const copy = retryCopy(decodeMessage(record), point, { flag, host: storeHost });
    if (topics.ensure(copy.topic, 1).changed) this.#options.announce(copy.topic);
    if (offsets.committed(group, copy.topic, 0) === undefined) offsets.commit(group, copy.topic, 0, 0);
    this.#options.put(copy);
    this.#wake(known, group);
  }
}
