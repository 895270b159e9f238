import { CodedError } from '../base/errors.ts';
import { parseProperties } from '../base/properties.ts';
import { DEFAULT_DELAY_LEVELS, parseDelayLevels } from '../protocol/delayLevel.ts';
import { Perm } from '../protocol/bodies/route.ts';
import { apacheBrokerSettings, apacheNameServerSettings } from './apacheSettings.ts';
import { authSettings } from './settings/authSettings.ts';
import { grpcSettings } from './settings/grpcSettings.ts';
import { BESIDE_LISTEN_PORT, haSettings } from './settings/haSettings.ts';
import { liteSettings } from './settings/liteSettings.ts';
import { popSettings } from './settings/popSettings.ts';
import { flag, MAX, notBlank, port, precision, text, whole } from './settings/setting.ts';
import type { SettingTable, ValuesOf } from './settings/setting.ts';
import { tlsSettings } from './settings/tlsSettings.ts';

/*
 * Settings under the names that Apache RocketMQ gives them, so that a broker.conf or namesrv.conf serves both.
 * Source: BrokerConfig.java, MessageStoreConfig.java, NamesrvConfig.java.
 */

/**
 * Nobody is told these, and nobody changes them in a running server: who may do what, and what secrets hang on it. So
 * it is in Apache's broker, where AuthConfig.java and TlsSystemConfig.java are apart from the others.
 */
const hiddenSettings: SettingTable = { ...authSettings, ...tlsSettings };

const brokerSettings = {
  ...authSettings,
  ...tlsSettings,
  /** ACL 1.0 of 4.9 to 5.2. */
  aclEnable: flag(false),
  /** What holds `conf/plain_acl.yml`; empty means the store directory. */
  rocketmqHome: text(''),
  brokerClusterName: text('DefaultCluster', notBlank),
  brokerName: text('broker-a', notBlank),
  /** Empty means: what clients can reach, see `reachableHost`. */
  brokerIP1: text(''),
  /** Where slaves reach it; empty means brokerIP1. */
  brokerIP2: text(''),
  bindAddress: text('127.0.0.1', notBlank),
  listenPort: port(10911),
  namesrvAddr: text(''),
  /** Empty means the store directory of the command line, or the user's. */
  storePathRootDir: text(''),
  /** Keys that UPDATE_BROKER_CONFIG 25 may not change, beside some that it never may. */
  configBlackList: text('configBlackList;brokerConfigPath'),
  brokerPermission: whole(Perm.READ | Perm.WRITE, 0, 7),
  autoCreateTopicEnable: flag(true),
  autoCreateSubscriptionGroup: flag(true),
  validateSystemTopicWhenUpdateTopic: flag(true),
  enableMixedMessageType: flag(false),
  clearRetryTopicWhenDeleteTopic: flag(true),
  /** Without it a registration is preceded by QUERY_DATA_VERSION 322, and left out where nothing changed. */
  forceRegister: flag(true),
  /** Read cold data throttling, of which nothing is throttled here. */
  cgColdReadThreshold: whole(3 * 1024 * 1024, 0, MAX),
  globalColdReadThreshold: whole(100 * 1024 * 1024, 0, MAX),
  defaultTopicQueueNums: whole(8, 1, 1024),
  clusterTopicEnable: flag(true),
  brokerTopicEnable: flag(true),
  /** Apache's default is false; on here, so that traces need no set-up. */
  traceTopicEnable: flag(true),
  traceOn: flag(true),
  regionId: text('DefaultRegion', notBlank),
  messageDelayLevel: text(DEFAULT_DELAY_LEVELS, (levels) => void parseDelayLevels(levels)),
  maxMessageSize: whole(4 * 1024 * 1024, 1, 15 * 1024 * 1024),
  flushDiskType: text('ASYNC_FLUSH', (type) => {
    if (type !== 'ASYNC_FLUSH' && type !== 'SYNC_FLUSH') throw new Error('expected ASYNC_FLUSH or SYNC_FLUSH');
  }),
  mappedFileSizeCommitLog: whole(1024 * 1024 * 1024, 4096, 2 ** 31 - 1),
  mappedFileSizeConsumeQueue: whole(6_000_000, 20, 2 ** 31 - 8),
  flushIntervalCommitLog: whole(500, 1, 3_600_000),
  syncFlushTimeout: whole(5000, 1, 3_600_000),
  messageIndexEnable: flag(true),
  maxHashSlotNum: whole(5_000_000, 1, 100_000_000),
  maxIndexNum: whole(20_000_000, 2, 100_000_000),
  maxMsgsNumBatch: whole(64, 1, 1024),
  defaultQueryMaxNum: whole(32, 1, 1024),
  /** Ours: most bytes of commit log before sends are refused with code 14; 0 is no cap. */
  maxStoreBytes: whole(0, 0, MAX),
  /** Hours that a full file of the log is kept. */
  fileReservedTime: whole(72, 0, 1_000_000),
  /** Ours: the oldest files of the log go while it holds more; 0 keeps them whatever their size. */
  fileReservedBytes: whole(0, 0, MAX),
  deleteWhen: text('04', (hours) => {
    if (!/^\s*\d{1,2}\s*(;\s*\d{1,2}\s*)*;?$/.test(hours)) throw new Error('expected hours such as 04 or 02;14');
  }),
  deleteFileBatchMax: whole(10, 1, 10_000),
  cleanResourceInterval: whole(10_000, 100, 3_600_000),
  diskMaxUsedSpaceRatio: whole(75, 0, 100),
  diskSpaceCleanForciblyRatio: whole(85, 0, 100),
  diskSpaceWarningLevelRatio: whole(90, 0, 100),
  cleanFileForciblyEnable: flag(true),
  /** Ours: a disk with so much free is never full, whatever its ratio; 0 goes by the ratio alone, as Apache does. */
  enoughFreeDiskBytes: whole(4 * 1024 ** 3, 0, MAX),
  longPollingEnable: flag(true),
  shortPollingTimeMills: whole(1000, 1, 60_000),
  flushConsumerOffsetInterval: whole(5000, 1, 3_600_000),
  flushDelayOffsetInterval: whole(10_000, 1, 3_600_000),
  registerNameServerPeriod: whole(30_000, 10_000, 60_000),
  channelExpiredTimeout: whole(120_000, 1000, 3_600_000),
  serverChannelMaxIdleTimeSeconds: whole(120, 1, 86_400),
  /** Apache's default is false; on here, so that SQL92 needs no set-up. */
  enablePropertyFilter: flag(true),
  litePullMessageEnable: flag(true),
  filterSupportRetry: flag(false),
  /** Offsets are reset here and told with the next pull; without it, clients that are online are told at once. */
  useServerSideResetOffset: flag(true),
  accessMessageInMemoryMaxRatio: whole(40, 0, 100),
  enableSplitMetadata: flag(true),
  splitMetadataSize: whole(2000, 1, MAX),
  timerWheelEnable: flag(true),
  timerPrecisionMs: precision(1000),
  timerMaxDelaySec: whole(3600 * 24 * 3, 1, 2 ** 31 - 1),
  timerRollWindowSlot: whole(3600 * 24 * 2, 2, 2 ** 31 - 1),
  timerFlushIntervalMs: whole(1000, 1, 3_600_000),
  timerCongestNumEachSlot: whole(2 ** 31 - 1, 1, 2 ** 31 - 1),
  mappedFileSizeTimerLog: whole(100 * 1024 * 1024, 4096, 2 ** 31 - 1),
  appendTopicForTimerDeleteKey: flag(false),
  recallMessageEnable: flag(false),
  allowRecallWhenBrokerNotWriteable: flag(true),
  rejectTransactionMessage: flag(false),
  transactionCheckInterval: whole(30_000, 1, 3_600_000),
  transactionTimeOut: whole(6000, 0, MAX),
  transactionCheckMax: whole(15, 1, 2 ** 31 - 1),
  transactionOpMsgMaxSize: whole(4096, 1, 4 * 1024 * 1024),
  transactionOpBatchInterval: whole(3000, 1, 3_600_000),
  storeReplyMessageEnable: flag(true),
  ...haSettings,
  ...popSettings,
  ...grpcSettings,
  ...liteSettings,
} as const satisfies SettingTable;

const nameServerSettings = {
  ...tlsSettings,
  bindAddress: text('127.0.0.1', notBlank),
  listenPort: port(9876),
  /** Empty means `namesrv/kvConfig.json` in the store directory. */
  kvConfigPath: text(''),
  /** Keys that UPDATE_NAMESRV_CONFIG 318 may not change, beside some that it never may. */
  configBlackList: text('configBlackList;configStorePath;kvConfigPath'),
  enableTopicList: flag(true),
  needWaitForService: flag(false),
  waitSecondsForService: whole(45, 0, 86_400),
  supportActingMaster: flag(false),
  deleteTopicWithBrokerRegistration: flag(false),
  scanNotActiveBrokerInterval: whole(5000, 100, 600_000),
  serverChannelMaxIdleTimeSeconds: whole(120, 1, 86_400),
  orderMessageEnable: flag(false),
  enableAllTopicList: flag(true),
  returnOrderTopicConfigToBroker: flag(true),
} as const satisfies SettingTable;

export type TlsConfig = ValuesOf<typeof tlsSettings>;
export type BrokerConfig = ValuesOf<typeof brokerSettings>;
export type NameServerConfig = ValuesOf<typeof nameServerSettings>;

export interface ReadSettings<T> {
  readonly settings: Partial<T>;
  /** Keys of Apache's that nothing here obeys; the log names them. */
  readonly ignored: readonly string[];
  /** Keys that nobody knows: misspelt, most likely. */
  readonly unknown: readonly string[];
}

/** @throws CodedError `config-invalid` */
export function brokerConfig(given: Partial<BrokerConfig> = {}): BrokerConfig {
  const servesSlaves = given.brokerRole !== undefined && given.haListenPort === undefined;
  const haListenPort = servesSlaves ? { haListenPort: BESIDE_LISTEN_PORT } : {};
  return withBrokerId({ ...defaults(brokerSettings), ...given, ...haListenPort });
}

/** A master is 0, whatever the file says, and a slave is not. Source: BrokerStartup.java. */
function withBrokerId(config: BrokerConfig): BrokerConfig {
  if (config.brokerRole !== 'SLAVE') return { ...config, brokerId: 0 };
  if (config.brokerId > 0) return config;
  throw new CodedError('config-invalid', { key: 'brokerId', value: '0', reason: 'that of a slave must be above 0' });
}

export function nameServerConfig(given: Partial<NameServerConfig> = {}): NameServerConfig {
  return { ...defaults(nameServerSettings), ...given };
}

/** @throws CodedError `config-invalid` with key, value and reason */
export function readBrokerConf(content: string): ReadSettings<BrokerConfig> {
  return ofApache(readConf(brokerSettings, apacheBrokerSettings, content));
}

/**
 * What a running broker may be told to change.
 * @throws CodedError `config-invalid` with key, value and reason
 */
export function readChangedBrokerConf(content: string): ReadSettings<BrokerConfig> {
  return readConf(brokerSettings, apacheBrokerSettings, content, Object.keys(hiddenSettings));
}

/** The same of a running NameServer. */
export function readChangedNameServerConf(content: string): ReadSettings<NameServerConfig> {
  return readConf(nameServerSettings, apacheNameServerSettings, content, Object.keys(hiddenSettings));
}

/** What a tls.properties says, which is not all of it. @throws CodedError `config-invalid` with key, value and reason */
export function readTlsProperties(content: string): ReadSettings<TlsConfig> {
  return readConf(tlsSettings, new Map(), content, ['tls.server.mode', 'tls.enable', 'tls.config.file']);
}

/** @throws CodedError `config-invalid` with key, value and reason */
export function readNameServerConf(content: string): ReadSettings<NameServerConfig> {
  return ofApache(readConf(nameServerSettings, apacheNameServerSettings, content));
}

/**
 * `key=value` lines sorted by key, as GET_BROKER_CONFIG 26 and GET_NAMESRV_CONFIG 319 answer: every key that Apache
 * knows, of those that nothing here obeys the default; none of those that may hold a secret.
 */
export function configText(config: BrokerConfig | NameServerConfig, apache: ReadonlyMap<string, string>): string {
  return [...new Map<string, unknown>([...apache, ...Object.entries(config)])]
    .filter(([key]) => !Object.hasOwn(hiddenSettings, key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
}

/** Names of 4.x. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  mapedFileSizeCommitLog: 'mappedFileSizeCommitLog',
  mapedFileSizeConsumeQueue: 'mappedFileSizeConsumeQueue',
  haSlaveFallbehindMax: 'haMaxGapNotInSync',
};

function defaults<T extends SettingTable>(table: T): ValuesOf<T> {
  return Object.fromEntries(Object.entries(table).map(([key, setting]) => [key, setting.otherwise])) as ValuesOf<T>;
}

/** A file of which not one line is a setting is another file than was meant. */
function ofApache<T>(read: ReadSettings<T>): ReadSettings<T> {
  const [key] = read.unknown;
  if (key === undefined || Object.keys(read.settings).length + read.ignored.length > 0) return read;
  throw new CodedError('config-invalid', {
    key,
    value: '…',
    reason: 'no line of this file is a setting that RocketMQ knows',
  });
}

function readConf<T extends SettingTable>(
  table: T,
  apache: ReadonlyMap<string, string>,
  content: string,
  /** Keys that are passed over here. */
  except: readonly string[] = [],
): ReadSettings<ValuesOf<T>> {
  const settings: Record<string, unknown> = {};
  const ignored: string[] = [];
  const unknown: string[] = [];
  for (const [name, given] of parseProperties(content)) {
    const key = Object.hasOwn(FORMER_NAMES, name) ? (FORMER_NAMES[name] ?? name) : name;
    const setting = Object.hasOwn(table, key) && !except.includes(key) ? table[key] : undefined;
    if (setting === undefined) {
      (apache.has(key) ? ignored : unknown).push(key);
      continue;
    }
    const value = given.trim();
    try {
      settings[key] = setting.read(value);
    } catch (error) {
      const reason = error instanceof CodedError ? String(error.details['reason']) : (error as Error).message;
      throw new CodedError('config-invalid', { key, value, reason }, { cause: error });
    }
  }
  return { settings: settings as Partial<ValuesOf<T>>, ignored, unknown };
}
