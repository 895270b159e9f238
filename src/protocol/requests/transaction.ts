import { boolean, int, long, optional, string } from '../fields.ts';

/* The second half of a transaction: remoting sheet §3.7. */

/** END_TRANSACTION 37. Source: EndTransactionRequestHeader.java. */
export const endTransaction = {
  producerGroup: string,
  /** Offset of the half message in its queue, and in the commit log. */
  tranStateTableOffset: long,
  commitLogOffset: long,
  /** Transaction bits of sysFlag: 8 commit, 12 rollback, 0 not known yet. */
  commitOrRollback: int,
  /** True when it answers CHECK_TRANSACTION_STATE 39. */
  fromTransactionCheck: optional(boolean),
  /** The unique key. */
  msgId: string,
  transactionId: optional(string),
  topic: optional(string),
} as const;

/** CHECK_TRANSACTION_STATE 39, from the broker to a producer. Source: CheckTransactionStateRequestHeader.java. */
export const checkTransactionState = {
  tranStateTableOffset: long,
  commitLogOffset: long,
  msgId: optional(string),
  transactionId: optional(string),
  offsetMsgId: optional(string),
  topic: optional(string),
  bname: optional(string),
} as const;

/** RESUME_CHECK_HALF_MESSAGE 323. `msgId` is the offset id of a half message that was given up. */
export const resumeCheckHalfMessage = { topic: optional(string), msgId: optional(string) } as const;
