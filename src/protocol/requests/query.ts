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
  /** `K` one of KEYS, `U` unique key, `T` tags; since 5.4. */
  indexType: optional(string),
} as const;

/** Answer of 12, found or not. */
export const queryMessageResponse = { indexLastUpdateTimestamp: long, indexLastUpdatePhyoffset: long } as const;

/** VIEW_MESSAGE_BY_ID 33. `offset` is the commit-log offset. */
export const viewMessage = { offset: long, topic: optional(string) } as const;

/** QUERY_CONSUME_QUEUE 321. */
export const queryConsumeQueue = {
  topic: string,
  queueId: int,
  index: long,
  count: int,
  consumerGroup: optional(string),
} as const;
