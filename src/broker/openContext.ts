import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { DisposableStore } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { parseDelayLevels } from '../protocol/delayLevel.ts';
import { uniqueKeySource } from '../protocol/messageId.ts';
import { reviveTopic } from '../protocol/topicName.ts';
import { formatAddress } from '../remoting/address.ts';
import { ipOf, reachedBy } from './brokerAddress.ts';
import type { BrokerContext } from './brokerContext.ts';
import { apacheBrokerSettings } from './apacheSettings.ts';
import { readChangedBrokerConf } from './config.ts';
import type { BrokerConfig } from './config.ts';
import { Replication } from './ha/replication.ts';
import { HeldPulls } from './heldPulls.ts';
import { LiteTopics } from './lite/liteTopics.ts';
import { Pops } from './pop/pops.ts';
import { putAllParked, putMessage, putParked, stageMessage } from './putMessage.ts';
import { Registration } from './registration.ts';
import { RunningSettings } from './runningSettings.ts';
import { servesLite } from './settings/liteSettings.ts';
import { openSecurity } from './security/security.ts';
import { clientTls } from './security/tls.ts';
import { ConsumerOffsets } from './state/consumerOffsets.ts';
import { Consumers } from './state/consumers.ts';
import { Groups } from './state/groups.ts';
import { Producers } from './state/producers.ts';
import { QueueLocks } from './state/queueLocks.ts';
import { Topics } from './state/topics.ts';
import { Statistics } from './statistics/statistics.ts';
import type { MessageStore } from './store/messageStore.ts';
import { readDisk } from './store/diskUse.ts';
import { Retention } from './store/retention.ts';
import { isSystemTopicOf, systemTopics } from './systemTopics.ts';
import { DelayLevels } from './timers/delayLevels.ts';
import { openTimers } from './timers/openTimers.ts';
import { EndMarks } from './transactions/endMarks.ts';

export interface ContextOptions {
  readonly config: BrokerConfig;
  /** Where settings that are changed at run time are kept. */
  readonly confFile?: string | undefined;
  /** Open; the broker closes it when it stops or cannot start. */
  readonly store: MessageStore;
  /** `host:port` of every NameServer. */
  readonly nameServers: readonly string[];
  /** Of messages. */
  readonly clock: Clock;
  /** Of the machine; default `clock`. */
  readonly steadyClock?: Clock;
  readonly logger: Logger;
}

/** Where it listens, whoever chose that. */
type Ports = Pick<BrokerConfig, 'listenPort' | 'haListenPort'>;

/**
 * What the handlers of a broker work on, as the files in its store tell; nothing of it has started.
 * @param owned takes what is to be disposed, also of what was opened before something else could not be
 * @throws CodedError `config-invalid`, `store-damaged`
 */
export async function openContext(
  options: ContextOptions,
  ports: Ports,
  owned: DisposableStore,
): Promise<BrokerContext> {
  const { clock, steadyClock = clock, logger, store } = options;
  const file = (name: string): string => path.join(store.directory, 'config', name);
  const settings = openSettings(options, ports);
  const config = settings.values;
  const address = formatAddress({ host: config.brokerIP1, port: config.listenPort });
  const topics = owned.add(
    new Topics({
      path: file('topics.json'),
      clock: steadyClock,
      logger,
      autoCreate: () => config.autoCreateTopicEnable,
    }),
  );
  topics.addMissing(systemTopics(config));
  const statistics = owned.add(
    new Statistics({
      clock: steadyClock,
      messageClock: clock,
      clusterName: config.brokerClusterName,
      store,
      isSystemTopic: (topic) => isSystemTopicOf(config, topic),
    }),
  );
  const security = owned.add(
    await openSecurity({ config, storeDirectory: store.directory, clock: steadyClock, logger }),
  );
  const storeHost = { ip: await ipOf(config.brokerIP1), port: config.listenPort };
  const timers = await openTimers({
    config,
    messages: store,
    clock,
    logger,
    topicExists: (topic) => topics.get(topic) !== undefined,
    putAll: (messages) => putAllParked(context, messages),
  });
  if (timers !== undefined) owned.add(timers);
  const groups = owned.add(
    new Groups({
      path: file('subscriptionGroup.json'),
      clock: steadyClock,
      logger,
      autoCreate: () => config.autoCreateSubscriptionGroup,
    }),
  );
  const offsets = owned.add(
    new ConsumerOffsets({
      path: file('consumerOffset.json'),
      clock: steadyClock,
      logger,
      delayMs: config.flushConsumerOffsetInterval,
    }),
  );
  const pops = owned.add(
    new Pops({
      clock,
      steadyClock,
      logger,
      config,
      store,
      topics,
      groups,
      offsets,
      storeHost,
      reviveTopic: reviveTopic(config.brokerClusterName),
      putLater: (message) => void putMessage(context, message),
      stageLater: (message) => stageMessage(context, message),
      put: (message) => void putParked(context, message),
      announce: (topic) => {
        context.registration.announce([topic]).catch((error: unknown) => {
          logger.error(`topic ${topic} is not registered: ${errorText(error)}`);
        });
      },
      timersDelivered: (untilMs) => timers?.hasDelivered(untilMs) ?? true,
      onLiteFree: (queue, group) => lite?.subscriptions.wake(queue, group),
    }),
  );
  const lite = servesLite(config)
    ? owned.add(new LiteTopics({ clock, logger, config, store, topics, offsets, pops }))
    : undefined;
  const context: BrokerContext = {
    config,
    settings,
    clock,
    steadyClock,
    logger,
    store,
    topics,
    groups,
    offsets,
    consumers: new Consumers(steadyClock),
    producers: new Producers(steadyClock),
    locks: new QueueLocks(steadyClock),
    heldPulls: owned.add(new HeldPulls(steadyClock)),
    delayLevels: new DelayLevels({
      path: file('delayOffset.json'),
      clock,
      logger,
      store,
      topicExists: (topic) => topics.get(topic) !== undefined,
      levelsMs: parseDelayLevels(config.messageDelayLevel),
      saveDelayMs: config.flushDelayOffsetInterval,
      onDelivered: (levelQueueId, { topic, queueId }, { sizeBytes, storeTimestamp }) => {
        statistics.levelDelivered(levelQueueId, sizeBytes);
        statistics.stored(topic, queueId, 1, sizeBytes, storeTimestamp);
      },
    }),
    timers,
    endMarks: owned.add(new EndMarks({ store, storeHost, clock, logger, config })),
    pops,
    lite,
    retention: owned.add(
      new Retention({ clock, logger, store, settings: config, readDisk: () => readDisk(store.directory) }),
    ),
    registration: owned.add(
      new Registration({
        clock: steadyClock,
        logger,
        config,
        topics,
        nameServers: options.nameServers,
        address,
        haAddress: formatAddress({ host: config.brokerIP2, port: config.haListenPort }),
        credentials: security.credentials,
        tls: clientTls(config),
      }),
    ),
    replication: owned.add(new Replication({ config, store, clock: steadyClock, logger })),
    statistics,
    security,
    address,
    storeHost,
    newUniqueKey: uniqueKeySource({
      ip: storeHost.ip,
      pid: process.pid,
      processMark: randomInt(2 ** 32),
      now: () => steadyClock.now(),
    }),
    startedMs: steadyClock.now(),
    startedAtOffset: store.maxPhysicalOffset,
    coldDataLimits: new Map(),
  };
  return context;
}

/** As the options say, with what only the start could tell. */
function openSettings(options: ContextOptions, ports: Ports): RunningSettings<BrokerConfig> {
  const { config, confFile, store, clock, steadyClock = clock, logger } = options;
  return new RunningSettings<BrokerConfig>({
    values: { ...config, ...reachedBy(config), ...ports, storePathRootDir: store.directory },
    read: readChangedBrokerConf,
    apache: apacheBrokerSettings,
    fixed: ['brokerConfigPath', 'rocketmqHome', 'configBlackList'],
    blackList: ({ configBlackList }) => configBlackList,
    confFile,
    clock: steadyClock,
    logger,
  });
}
