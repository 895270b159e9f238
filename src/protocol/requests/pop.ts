import { boolean, int, long, optional, string } from '../fields.ts';
import type { FieldsOf } from '../fields.ts';
import { groupQueue } from './groupQueue.ts';

/* POP: JSON headers only, since its codes do not fit a short. Remoting sheet §3.4. */

/** POP_MESSAGE 200050. Source: PopMessageRequestHeader.java. */
export const popMessage = {
  ...groupQueue,
  maxMsgNums: int,
  invisibleTime: long,
  pollTime: long,
  /** When the client asked; absent or 0 is now. */
  bornTime: optional(long),
  /** See `InitMode`. */
  initMode: int,
  expType: optional(string),
  exp: optional(string),
  order: optional(boolean),
  attemptId: optional(string),
} as const;

export type PopMessage = FieldsOf<typeof popMessage>;

/** Where a group without an offset begins. Source: ConsumeInitMode.java. */
export const InitMode = { MIN: 0, MAX: 1 } as const;

/** Also the answer to PEEK_MESSAGE. Source: PopMessageResponseHeader.java. */
export const popMessageResponse = {
  popTime: long,
  invisibleTime: long,
  reviveQid: int,
  restNum: long,
  startOffsetInfo: optional(string),
  msgOffsetInfo: optional(string),
  orderCountInfo: optional(string),
} as const;

/** PEEK_MESSAGE 200052. Source: PeekMessageRequestHeader.java. */
export const peekMessage = {
  ...groupQueue,
  maxMsgNums: int,
} as const;

export type PeekMessage = FieldsOf<typeof peekMessage>;

/** ACK_MESSAGE 200051; `topic` is the one that holds the message. Source: AckMessageRequestHeader.java. */
export const ackMessage = {
  ...groupQueue,
  /** The message's POP_CK. */
  extraInfo: string,
  offset: long,
} as const;

export type AckMessage = FieldsOf<typeof ackMessage>;

/** CHANGE_MESSAGE_INVISIBLETIME 200053. Source: ChangeInvisibleTimeRequestHeader.java. */
export const changeInvisibleTime = {
  ...groupQueue,
  extraInfo: string,
  offset: long,
  invisibleTime: long,
  /** The delivery does not count as one (5.5). */
  suspend: optional(boolean),
} as const;

/** Source: ChangeInvisibleTimeResponseHeader.java. */
export const changeInvisibleTimeResponse = {
  popTime: long,
  invisibleTime: long,
  reviveQid: int,
} as const;

/** NOTIFICATION 200054; with a filter from 5.5 on. Source: NotificationRequestHeader.java. */
export const notification = {
  ...groupQueue,
  pollTime: long,
  bornTime: optional(long),
  order: optional(boolean),
  attemptId: optional(string),
  expType: optional(string),
  exp: optional(string),
} as const;

export type Notification = FieldsOf<typeof notification>;

/** Source: NotificationResponseHeader.java. */
export const notificationResponse = {
  hasMsg: boolean,
  pollingFull: boolean,
} as const;

/** POLLING_INFO 200055. Source: PollingInfoRequestHeader.java. */
export const pollingInfo = {
  ...groupQueue,
} as const;

/** Source: PollingInfoResponseHeader.java. */
export const pollingInfoResponse = {
  pollingNum: int,
} as const;
