import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { parseDelayLevels } from '../protocol/delayLevel.ts';
import { uniqueKeySource } from '../protocol/messageId.ts';
import { ResponseCode } from '../protocol/codes.ts';
import { reviveTopic } from '../protocol/topicName.ts';
import { formatAddress } from '../remoting/address.ts';
import type { RequestHandler } from '../remoting/peer.ts';
import type { RemotingServer } from '../remoting/server.ts';
import { ipOf, reachedBy } from './brokerAddress.ts';
import type { BrokerContext } from './brokerContext.ts';
import { closeAll, listenBoth } from './brokerPorts.ts';
import { brokerRouter } from './brokerRouter.ts';
import { apacheBrokerSettings } from './apacheSettings.ts';
import { readChangedBrokerConf } from './config.ts';
import type { BrokerConfig } from './config.ts';
import type { GrpcEndpoint } from './grpc/endpoint.ts';
import { listenForSlaves } from './ha/haListener.ts';
import type { HaListener } from './ha/haListener.ts';
import { Replication } from './ha/replication.ts';
import { slaveRouter } from './ha/slaveRouter.ts';
import { startFollowing } from './ha/startFollowing.ts';
import { HeldPulls } from './heldPulls.ts';
import { clientIdOf, expireMembers } from './membership.ts';
import { Pops } from './pop/pops.ts';
import { putAllParked, putMessage, putParked } from './putMessage.ts';
import { Registration } from './registration.ts';
import type { RequestFaults } from './requestFaults.ts';
import { RunningSettings } from './runningSettings.ts';
import { guarded } from './security/guard.ts';
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
import { startGrpc } from './startGrpc.ts';
import type { GrpcOptions } from './startGrpc.ts';
import { stopBroker } from './stopBroker.ts';
import { isSystemTopicOf, systemTopics } from './systemTopics.ts';
import { DelayLevels } from './timers/delayLevels.ts';
import { openTimers } from './timers/openTimers.ts';
import { EndMarks } from './transactions/endMarks.ts';
import { TransactionCheck } from './transactions/transactionCheck.ts';

export interface BrokerOptions {
  readonly config: BrokerConfig;
  /** Where settings that are changed at run time are kept. */
  readonly confFile?: string | undefined;
  /** Open; the broker closes it when it stops or cannot start. */
  readonly store: MessageStore;
  /** `host:port` of every NameServer. */
  readonly nameServers: readonly string[];
  /** How gRPC is served, which is loaded only where `grpcServerPort` asks for it; without this it is not. */
  readonly grpc?: GrpcOptions | undefined;
  /** Stand before the handlers. */
  readonly faults?: RequestFaults | undefined;
  /** Is the port two below its own served where it is free? Default: unless the system chose the port. */
  readonly hasVip?: boolean | undefined;
  /** Of messages. */
  readonly clock: Clock;
  /** Of the machine; default `clock`. */
  readonly steadyClock?: Clock;
  readonly logger: Logger;
}

export interface Broker {
  /** `host:port` that clients are told. */
  readonly address: string;
  /** The same for gRPC; null where it is off. */
  readonly grpcAddress: string | null;
  /** Is the port two below its own served? */
  readonly hasVip: boolean;
  /** Where slaves are served; undefined where none is. */
  readonly haPort: number | undefined;
  readonly context: BrokerContext;
  /** Answers as to a client, past access control and faults. */
  readonly answer: RequestHandler;
  /** Takes leave of the NameServers, answers no more, and has everything on disk afterwards. */
  stop(): Promise<void>;
}

/**
 * A broker that accepts sends and is registered, when a NameServer could be reached.
 * @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`, `config-invalid`, `store-damaged`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, steadyClock = clock, logger, store } = options;
  const owned = new DisposableStore();
  const servers: RemotingServer[] = [];
  let grpc: GrpcEndpoint | undefined;
  let haListener: HaListener | undefined;
  try {
    let handle: RequestHandler = notYet;
    const { faults } = options;
    servers.push(
      ...(await listenBoth({ ...options, clock: steadyClock, answering: faults?.answering }, (request) =>
        handle(request),
      )),
    );
    const port = servers[0]?.port ?? options.config.listenPort;
    let acceptSlave: Replication['accept'] = (stream) => stream.destroy();
    haListener = await listenForSlaves({
      config: options.config,
      brokerPort: port,
      accept: (stream, slave) => acceptSlave(stream, slave),
      logger,
    });
    const haListenPort = haListener?.port ?? Math.min(port + 1, 65535);
    const file = (name: string): string => path.join(store.directory, 'config', name);
    const { brokerIP1: host, brokerIP2: haHost } = reachedBy(options.config);
    const address = formatAddress({ host, port });
    const settings = new RunningSettings<BrokerConfig>({
      values: {
        ...options.config,
        brokerIP1: host,
        brokerIP2: haHost,
        listenPort: port,
        haListenPort,
        storePathRootDir: store.directory,
      },
      read: readChangedBrokerConf,
      apache: apacheBrokerSettings,
      fixed: ['brokerConfigPath', 'rocketmqHome', 'configBlackList'],
      blackList: ({ configBlackList }) => configBlackList,
      confFile: options.confFile,
      clock: steadyClock,
      logger,
    });
    const config = settings.values;
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
    const replica = config.brokerRole === 'SLAVE' ? store.follow() : undefined;
    const storeHost = { ip: await ipOf(host), port };
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
        put: (message) => void putParked(context, message),
        announce: (topic) => {
          context.registration.announce([topic]).catch((error: unknown) => {
            logger.error(`topic ${topic} is not registered: ${errorText(error)}`);
          });
        },
        timersDelivered: (untilMs) => timers?.hasDelivered(untilMs) ?? true,
      }),
    );
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
          haAddress: formatAddress({ host: haHost, port: haListenPort }),
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
    owned.add(store.onArrival((arrival) => context.heldPulls.wake(arrival)));
    if (timers !== undefined) owned.add(store.onArrival((arrival) => timers.wake(arrival)));
    if (replica === undefined) {
      owned.add(store.onArrival((arrival) => context.delayLevels.wake(arrival)));
      owned.add(store.onArrival((arrival) => pops.arrived(arrival)));
    }
    owned.add(expireMembers(context));
    acceptSlave = (stream, slave) => context.replication.accept(stream, slave);
    const router = brokerRouter(context);
    const answer = replica === undefined ? router : slaveRouter(config, router);
    const checked = guarded(answer, { config, security, clock: steadyClock, logger });
    handle = faults?.around('broker', checked, (connection) => clientIdOf(context, connection)) ?? checked;
    const transactionCheck = new TransactionCheck(context);
    if (replica === undefined) {
      context.delayLevels.start();
      timers?.start();
      pops.start();
      grpc = await startGrpc(context, options);
    } else timers?.follow();
    await context.registration.start();
    if (replica === undefined) transactionCheck.start();
    else owned.add(startFollowing(context, replica, clientTls(config)));
    logger.info(`broker ${config.brokerName} of cluster ${config.brokerClusterName} serves ${address}`);
    const parts = { context, servers, haListener, owned, transactionCheck, grpc };
    return {
      address,
      grpcAddress: grpc?.address ?? null,
      hasVip: servers.length > 1,
      haPort: haListener?.port,
      context,
      answer,
      stop: () => stopBroker(parts),
    };
  } catch (error) {
    await grpc?.stop();
    owned.dispose();
    await closeAll(servers);
    await haListener?.close();
    await store.close();
    throw error;
  }
}

const notYet: RequestHandler = () => ({
  code: ResponseCode.SYSTEM_ERROR,
  remark: 'broker unable to service, it is starting',
});
