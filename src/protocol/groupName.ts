/** Under which the broker notes how far it looked through half messages. */
export const TRANSACTION_GROUP = 'CID_RMQ_SYS_TRANS';

/** Groups that a broker has from its start. Source: SubscriptionGroupManager.java, init. */
export const GROUPS_OF_BROKER: readonly string[] = [
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  TRANSACTION_GROUP,
];

/** With those that clients and tools bring along. Source: MixAll.java; broker sheet §4. */
const SYSTEM_GROUPS: ReadonlySet<string> = new Set([
  ...GROUPS_OF_BROKER,
  'SELF_TEST_P_GROUP',
  'DEFAULT_CONSUMER',
  'DEFAULT_PRODUCER',
  'SCHEDULE_CONSUMER',
  '__MONITOR_CONSUMER',
  'CLIENT_INNER_PRODUCER',
]);

/** The group that tools read with: it is on every broker, so reading with it adds none. */
export const TOOLS_CONSUMER_GROUP = 'TOOLS_CONSUMER';

/** The producer group of every official client's own messages; producers without a heartbeat leave no trace. */
export const TOOLS_PRODUCER_GROUP = 'CLIENT_INNER_PRODUCER';

export function isSystemGroup(group: string): boolean {
  return SYSTEM_GROUPS.has(group) || group.startsWith('CID_RMQ_SYS_');
}
