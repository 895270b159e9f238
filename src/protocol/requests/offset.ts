import { boolean, int, long, optional, string, unchecked } from '../fields.ts';

/* Queue positions and consumer offsets: remoting sheet §3.5. */

/** QUERY_CONSUMER_OFFSET 14. */
export const queryConsumerOffset = {
  consumerGroup: string,
  topic: string,
  queueId: int,
  setZeroIfNotFound: optional(boolean),
} as const;

/** UPDATE_CONSUMER_OFFSET 15, usually one-way. */
export const updateConsumerOffset = {
  consumerGroup: string,
  topic: string,
  queueId: unchecked(int),
  commitOffset: unchecked(long),
} as const;

/** SEARCH_OFFSET_BY_TIMESTAMP 29. `boundaryType` is `lower` (default) or `upper`. */
export const searchOffset = { topic: string, queueId: int, timestamp: long, boundaryType: optional(string) } as const;

/** GET_MAX_OFFSET 30, GET_MIN_OFFSET 31, GET_EARLIEST_MSG_STORETIME 32. */
export const queuePosition = { topic: string, queueId: int, committed: optional(boolean) } as const;

/** Answer of 14, 29, 30 and 31. */
export const offsetResponse = { offset: long } as const;

/** Answer of 32. */
export const timestampResponse = { timestamp: long } as const;

/** INVOKE_BROKER_TO_RESET_OFFSET 222 and RESET_CONSUMER_CLIENT_OFFSET 220. */
export const resetOffset = {
  topic: string,
  group: string,
  /** Negative means the end. Like `isForce` it may be left out, and is 0 then. */
  timestamp: optional(long),
  isForce: optional(boolean),
  /** Negative means all; absent in releases before 5. */
  queueId: optional(int),
  /** For that one queue, in place of the timestamp; -1 means none. */
  offset: optional(long),
} as const;

/** CLONE_GROUP_OFFSET 314. */
export const cloneOffset = {
  srcGroup: string,
  destGroup: string,
  topic: optional(string),
  /** Whether the topic counts though the group does not subscribe to it now. */
  offline: optional(boolean),
} as const;

/** QUERY_CORRECTION_OFFSET 308. */
export const correctionOffset = {
  compareGroup: string,
  topic: string,
  /** Groups joined by `,` that do not count. */
  filterGroups: optional(string),
} as const;
