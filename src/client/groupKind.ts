/** Groups that brokers and tools bring along. Source: MixAll.java; broker sheet §4. */
const SYSTEM_GROUPS: ReadonlySet<string> = new Set([
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'SELF_TEST_P_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
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
