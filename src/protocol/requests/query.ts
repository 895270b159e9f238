import { int, long, optional, string } from '../fields.ts';

/* Looking messages up: remoting sheet §3.8. */

/** QUERY_MESSAGE 12. */
export const queryMessage = {
  topic: string,
  key: string,
  maxNum: int,
  beginTimestamp: long,
  endTimestamp: long,
  /** `true` when `key` is a unique key (UNIQ_KEY) rather than one of KEYS. */
  _UNIQUE_KEY_QUERY: optional(string),
} as const;

/** VIEW_MESSAGE_BY_ID 33. `offset` is the commit-log offset. */
export const viewMessage = { offset: long, topic: optional(string) } as const;
