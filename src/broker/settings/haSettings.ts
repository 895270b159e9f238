import { MAX, flag, port, text, whole } from './setting.ts';
import type { SettingTable } from './setting.ts';

/**
 * Default of haListenPort: no slave is served, since whoever connects there gets the whole log, with access control too.
 */
export const NO_SLAVES = -1;
/** The port above listenPort, Apache's default: what it is for a broker that was given a brokerRole. */
export const BESIDE_LISTEN_PORT = -2;

const ROLES: readonly string[] = ['ASYNC_MASTER', 'SYNC_MASTER', 'SLAVE'];

/** Masters and slaves. Source: MessageStoreConfig.java. */
export const haSettings = {
  brokerId: whole(0, 0, MAX),
  brokerRole: text('ASYNC_MASTER', (role) => {
    if (!ROLES.includes(role)) throw new Error(`expected ${ROLES.join(', ')}`);
  }),
  /** 0 takes any free port. */
  haListenPort: port(NO_SLAVES),
  haSendHeartbeatInterval: whole(5000, 100, 3_600_000),
  haHousekeepingInterval: whole(20_000, 100, 3_600_000),
  haTransferBatchSize: whole(32 * 1024, 1024, 4 * 1024 * 1024 - 12),
  /** Whether a slave gets no more than `maxHaTransferByteInSecond`. */
  haFlowControlEnable: flag(false),
  maxHaTransferByteInSecond: whole(100 * 1024 * 1024, 1024, MAX),
  /** A slave that is behind by less is in sync. */
  haMaxGapNotInSync: whole(256 * 1024 * 1024, 0, MAX),
  /** Where a slave follows, in place of what the NameServers say. */
  haMasterAddress: text('', (address) => {
    if (address !== '' && !/^\S+:\d{1,5}$/.test(address)) throw new Error('expected host:port');
  }),
  /** Who must have a message before SYNC_MASTER answers, this broker included. */
  inSyncReplicas: whole(1, 1, 64),
  /** With enableSlaveActingMaster: fewer will do while fewer are in sync, but not fewer than `minInSyncReplicas`. */
  enableAutoInSyncReplicas: flag(false),
  minInSyncReplicas: whole(1, 1, 64),
  slaveTimeout: whole(3000, 1, 3_600_000),
  slaveReadEnable: flag(false),
  /** Whether a slave sends readers to where its queue begins or ends. */
  offsetCheckInSlave: flag(false),
  /** A slave may be shown as its group's master while there is none; it takes no sends all the same. */
  enableSlaveActingMaster: flag(false),
  brokerNotActiveTimeoutMillis: whole(10_000, 1000, 3_600_000),
  brokerHeartbeatInterval: whole(1000, 100, 3_600_000),
} as const satisfies SettingTable;
