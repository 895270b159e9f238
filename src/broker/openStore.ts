import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { parseDelayLevels } from '../protocol/delayLevel.ts';
import type { BrokerConfig } from './config.ts';
import { servesLite } from './settings/liteSettings.ts';
import { ENTRY_BYTES } from './store/queueEntry.ts';
import { MessageStore } from './store/messageStore.ts';

/** @throws CodedError `store-locked`, `store-damaged` */
export function openStore(
  config: BrokerConfig,
  parts: { readonly directory: string; readonly clock: Clock; readonly steadyClock?: Clock; readonly logger: Logger },
): Promise<MessageStore> {
  return MessageStore.open({
    ...parts,
    commitLogFileBytes: config.mappedFileSizeCommitLog,
    // Files of whole entries. Source: MessageStoreConfig.java, getMappedFileSizeConsumeQueue.
    consumeQueueFileBytes: Math.ceil(config.mappedFileSizeConsumeQueue / ENTRY_BYTES) * ENTRY_BYTES,
    flushDiskType: config.flushDiskType === 'SYNC_FLUSH' ? 'SYNC_FLUSH' : 'ASYNC_FLUSH',
    flushIntervalMs: config.flushIntervalCommitLog,
    syncFlushTimeoutMs: config.syncFlushTimeout,
    index: config.messageIndexEnable ? { slots: config.maxHashSlotNum, entries: config.maxIndexNum } : null,
    hasLightQueues: servesLite(config),
    delayLevelsMs: parseDelayLevels(config.messageDelayLevel),
    ...(config.maxStoreBytes > 0 ? { maxStoreBytes: config.maxStoreBytes } : {}),
  });
}
