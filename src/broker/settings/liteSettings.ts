import { flag, MAX, whole } from './setting.ts';
import type { SettingTable } from './setting.ts';

/** Lite topics. Source: BrokerConfig.java, MessageStoreConfig.java of 5.5.0. */
export const liteSettings = {
  /** On by default, so that every client finds what it is made for; Apache's broker has both off. */
  enableLmq: flag(true),
  enableMultiDispatch: flag(true),
  /** Lite topics of all topics. */
  maxLmqConsumeQueueNum: whole(20_000, 0, 1_000_000),
  /** Lite topics that all clients subscribe to, each counted by itself. */
  maxLiteSubscriptionCount: whole(100_000, 0, 10_000_000),
  liteTtlCheckInterval: whole(120_000, 1000, 86_400_000),
  /** No lite topic goes before it was idle, and the broker was there, for so long. */
  minLiteTTl: whole(900_000, 0, MAX),
} as const satisfies SettingTable;

/** Both are asked for, as by Apache's broker. */
export function servesLite(config: { readonly enableLmq: boolean; readonly enableMultiDispatch: boolean }): boolean {
  return config.enableLmq && config.enableMultiDispatch;
}
