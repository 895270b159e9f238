import { boolean, int, long, optional, string } from '../fields.ts';
import type { FieldsOf } from '../fields.ts';

/** SEND_MESSAGE 10: long names. Source: SendMessageRequestHeader.java; remoting sheet §3.2. */
export const sendMessage = {
  producerGroup: string,
  topic: string,
  defaultTopic: string,
  defaultTopicQueueNums: int,
  queueId: int,
  sysFlag: int,
  bornTimestamp: long,
  flag: int,
  properties: optional(string),
  reconsumeTimes: optional(int),
  unitMode: optional(boolean),
  maxReconsumeTimes: optional(int),
  batch: optional(boolean),
  bname: optional(string),
} as const;

export type SendMessage = FieldsOf<typeof sendMessage>;

/** SEND_MESSAGE_V2 310 and SEND_BATCH_MESSAGE 320: one letter a field. Source: SendMessageRequestHeaderV2.java. */
const letters: Readonly<Record<string, keyof typeof sendMessage>> = {
  a: 'producerGroup',
  b: 'topic',
  c: 'defaultTopic',
  d: 'defaultTopicQueueNums',
  e: 'queueId',
  f: 'sysFlag',
  g: 'bornTimestamp',
  h: 'flag',
  i: 'properties',
  j: 'reconsumeTimes',
  k: 'unitMode',
  l: 'maxReconsumeTimes',
  m: 'batch',
  n: 'bname',
};

/** ext fields of 310/320 with the long names of 10; what is no letter stays as it is. */
export function expandLetters(extFields: Readonly<Record<string, string>>): Record<string, string> {
  const long: Record<string, string> = {};
  for (const name in extFields) {
    const value = extFields[name];
    if (value !== undefined) long[letters[name] ?? name] = value;
  }
  return long;
}

const letterOf = new Map(Object.entries(letters).map(([letter, name]) => [name as string, letter]));

export function shrinkToLetters(extFields: Readonly<Record<string, string>>): Record<string, string> {
  const short: Record<string, string> = {};
  for (const name in extFields) {
    const value = extFields[name];
    if (value !== undefined) short[letterOf.get(name) ?? name] = value;
  }
  return short;
}

/** Every stored send (codes 0, 10, 11, 12) fills the required three. Source: SendMessageResponseHeader.java. */
export const sendMessageResponse = {
  /** Offset message id; comma list for a batch. */
  msgId: string,
  queueId: int,
  /** Of the first message of a batch. */
  queueOffset: long,
  transactionId: optional(string),
  batchUniqId: optional(string),
  recallHandle: optional(string),
  MSG_REGION: optional(string),
  TRACE_ON: optional(string),
} as const;

/** CONSUMER_SEND_MSG_BACK 36. Source: ConsumerSendMsgBackRequestHeader.java. */
export const sendMessageBack = {
  /** Commit-log offset of the message that failed. */
  offset: long,
  group: string,
  /** -1 dead letter at once, 0 the broker decides, else the delay level. */
  delayLevel: int,
  originMsgId: optional(string),
  originTopic: optional(string),
  unitMode: optional(boolean),
  maxReconsumeTimes: optional(int),
} as const;

/** PUSH_REPLY_MESSAGE_TO_CLIENT 326, from the broker to a producer. Source: ReplyMessageRequestHeader.java. */
export const pushReplyMessage = {
  producerGroup: string,
  topic: string,
  defaultTopic: string,
  defaultTopicQueueNums: int,
  queueId: int,
  sysFlag: int,
  bornTimestamp: long,
  flag: int,
  properties: optional(string),
  reconsumeTimes: optional(int),
  unitMode: optional(boolean),
  /** `ip:port` of the responder and of the broker. */
  bornHost: string,
  storeHost: string,
  storeTimestamp: long,
} as const;
