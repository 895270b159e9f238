import { int, long, optional, string } from '../fields.ts';
import type { FieldsOf } from '../fields.ts';
import { groupQueue } from './groupQueue.ts';

/** PULL_MESSAGE 11 and LITE_PULL_MESSAGE 361. Source: PullMessageRequestHeader.java; remoting sheet §3.3. */
export const pullMessage = {
  ...groupQueue,
  queueOffset: long,
  maxMsgNums: int,
  sysFlag: int,
  commitOffset: long,
  suspendTimeoutMillis: long,
  subscription: optional(string),
  subVersion: long,
  /** `TAG` or `SQL92`; absent means TAG. */
  expressionType: optional(string),
  maxMsgBytes: optional(int),
  requestSource: optional(int),
  /** Spelled so on the wire. */
  proxyFrowardClientId: optional(string),
} as const;

export type PullMessage = FieldsOf<typeof pullMessage>;

/** The first four are required for codes 0, 19, 20 and 21. Source: PullMessageResponseHeader.java. */
export const pullMessageResponse = {
  suggestWhichBrokerId: long,
  nextBeginOffset: long,
  minOffset: long,
  maxOffset: long,
  offsetDelta: optional(long),
  topicSysFlag: optional(int),
  groupSysFlag: optional(int),
  forbiddenType: optional(int),
} as const;

/** Bits of the pull header's sysFlag. Source: PullSysFlag.java. */
export const PullSysFlag = {
  COMMIT_OFFSET: 1,
  SUSPEND: 2,
  SUBSCRIPTION: 4,
  CLASS_FILTER: 8,
  LITE_PULL: 16,
} as const;
