import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { HostAddress } from '../protocol/hostAddress.ts';
import type { IncomingRequest, Reply } from '../remoting/peer.ts';
import type { BrokerConfig } from './config.ts';
import type { Replication } from './ha/replication.ts';
import type { HeldPulls } from './heldPulls.ts';
import type { LiteTopics } from './lite/liteTopics.ts';
import type { Pops } from './pop/pops.ts';
import type { Registration } from './registration.ts';
import type { RunningSettings } from './runningSettings.ts';
import type { Security } from './security/security.ts';
import type { ConsumerOffsets } from './state/consumerOffsets.ts';
import type { Consumers } from './state/consumers.ts';
import type { Groups } from './state/groups.ts';
import type { Producers } from './state/producers.ts';
import type { QueueLocks } from './state/queueLocks.ts';
import type { Topics } from './state/topics.ts';
import type { Statistics } from './statistics/statistics.ts';
import type { MessageStore } from './store/messageStore.ts';
import type { Retention } from './store/retention.ts';
import type { DelayLevels } from './timers/delayLevels.ts';
import type { TimerMessages } from './timers/timerMessages.ts';
import type { EndMarks } from './transactions/endMarks.ts';

/** What the handlers of a broker work on. */
export interface BrokerContext {
  /** As they are now: read them at every use, since `settings` may change them. */
  readonly config: BrokerConfig;
  readonly settings: RunningSettings<BrokerConfig>;
  /** Of messages: delays, invisible times, checks and retention go by it. A test may move it. */
  readonly clock: Clock;
  /** Of the machine: connections, heartbeats, locks, held requests and the disk go by it, as the clients do. */
  readonly steadyClock: Clock;
  readonly logger: Logger;
  readonly store: MessageStore;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: ConsumerOffsets;
  readonly consumers: Consumers;
  readonly producers: Producers;
  readonly locks: QueueLocks;
  readonly heldPulls: HeldPulls;
  readonly delayLevels: DelayLevels;
  /** Undefined with timerWheelEnable=false. */
  readonly timers: TimerMessages | undefined;
  readonly endMarks: EndMarks;
  readonly pops: Pops;
  /** Undefined where lite topics are off. */
  readonly lite: LiteTopics | undefined;
  readonly retention: Retention;
  readonly registration: Registration;
  readonly replication: Replication;
  readonly security: Security;
  readonly statistics: Statistics;
  /** `host:port` as clients reach it. */
  readonly address: string;
  /** The same, as records hold it. */
  readonly storeHost: HostAddress;
  /** Makes a unique key for messages that came without. */
  readonly newUniqueKey: () => string;
  readonly startedMs: number;
  /** Where the log ended then. */
  readonly startedAtOffset: number;
  /** By group, in bytes, as tools set them. */
  readonly coldDataLimits: Map<string, number>;
}

export type BrokerHandler = (
  broker: BrokerContext,
  request: IncomingRequest,
) => Reply | undefined | Promise<Reply | undefined>;
