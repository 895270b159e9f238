import { MAX, port, text, whole } from './setting.ts';
import type { SettingTable } from './setting.ts';

/** Default of haListenPort: the port above listenPort. */
export const BESIDE_LISTEN_PORT = -1;

/** Masters and slaves. Source: MessageStoreConfig.java. */
export const haSettings = {
  brokerId: whole(0, 0, MAX),
  brokerRole: text('ASYNC_MASTER', (role) => {
    if (role !== 'ASYNC_MASTER' && role !== 'SYNC_MASTER') throw new Error('this broker cannot be a slave');
  }),
  /** 0 takes any free port. */
  haListenPort: port(BESIDE_LISTEN_PORT),
  haSendHeartbeatInterval: whole(5000, 100, 3_600_000),
  haHousekeepingInterval: whole(20_000, 100, 3_600_000),
  haTransferBatchSize: whole(32 * 1024, 1024, 4 * 1024 * 1024 - 12),
  /** A slave that is behind by less is in sync. */
  haMaxGapNotInSync: whole(256 * 1024 * 1024, 0, MAX),
} as const satisfies SettingTable;
