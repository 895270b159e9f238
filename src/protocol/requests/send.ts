import { readInt32, readUInt16 } from '../bigEndian.ts';
import { BinaryCommand } from '../binaryHeader.ts';
import { RequestCode } from '../codes.ts';
import type { RemotingCommand } from '../command.ts';
import { boolean, decodeFields, int, long, optional, string } from '../fields.ts';
import type { FieldsOf } from '../fields.ts';
import { digitsAt, digitsOf, repeatedText } from '../headerText.ts';

/** What a producer says of a message. */
const messageHeader = {
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
} as const;

/** SEND_MESSAGE 10: long names. Source: SendMessageRequestHeader.java; remoting sheet §3.2. */
export const sendMessage = {
  ...messageHeader,
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

/**
 * The header of 10, 310 or 320. Letters are read without the tables, those of a binary header straight from its bytes:
 * this is the request that comes ten thousand times a second.
 * @throws CodedError `header-illegal`
 */
export function decodeSendMessage(command: RemotingCommand): SendMessage {
  if (command.code === RequestCode.SEND_MESSAGE) return decodeFields(sendMessage, command.extFields);
  const read = command instanceof BinaryCommand ? readLetters(command) : takeLetters(command.extFields);
  return read ?? decodeFields(sendMessage, expandLetters(command.extFields));
}

/** Undefined when something is missing or odd: the general way finds the words for it. */
function takeLetters(extFields: Readonly<Record<string, string>>): SendMessage | undefined {
  const { a, b, c, d = '', e = '', f = '', g = '', h = '', i, j, k, l, m, n } = extFields;
  const header = {
    defaultTopicQueueNums: digitsOf(d),
    queueId: digitsOf(e),
    sysFlag: digitsOf(f),
    bornTimestamp: digitsOf(g),
    flag: digitsOf(h),
    properties: i,
    reconsumeTimes: j === undefined ? undefined : digitsOf(j),
    unitMode: k === undefined ? undefined : k.toLowerCase() === 'true',
    maxReconsumeTimes: l === undefined ? undefined : digitsOf(l),
    batch: m === undefined ? undefined : m.toLowerCase() === 'true',
    bname: n,
  };
  if (a === undefined || b === undefined || c === undefined || !isPlain(header)) return undefined;
  return { producerGroup: a, topic: b, defaultTopic: c, ...header };
}

type Numbers = Pick<
  SendMessage,
  'defaultTopicQueueNums' | 'queueId' | 'sysFlag' | 'bornTimestamp' | 'flag' | 'reconsumeTimes' | 'maxReconsumeTimes'
>;

/** All of them are numbers that their fields can hold. */
function isPlain(numbers: Numbers): boolean {
  const { defaultTopicQueueNums, queueId, sysFlag, bornTimestamp, flag } = numbers;
  const { reconsumeTimes = 0, maxReconsumeTimes = 0 } = numbers;
  const largest = Math.max(defaultTopicQueueNums, queueId, sysFlag, flag, reconsumeTimes, maxReconsumeTimes);
  return largest <= INT_MAX && !Number.isNaN(bornTimestamp);
}

const INT_MAX = 0x7fffffff;

/** Undefined when something is missing or odd: the general way finds the words for it. */
function readLetters({ frame, extAt, extEnd }: BinaryCommand): SendMessage | undefined {
  let producerGroup: string | undefined;
  let topic: string | undefined;
  let defaultTopic: string | undefined;
  let properties: string | undefined;
  let bname: string | undefined;
  let [defaultTopicQueueNums, queueId, sysFlag, bornTimestamp, flag] = [NaN, NaN, NaN, NaN, NaN];
  let reconsumeTimes: number | undefined;
  let maxReconsumeTimes: number | undefined;
  let unitMode: boolean | undefined;
  let batch: boolean | undefined;
  for (let at = extAt; at < extEnd;) {
    const keyBytes = readUInt16(frame, at);
    const valueAt = at + 6 + keyBytes;
    const sizeBytes = readInt32(frame, valueAt - 4);
    const letter = frame[at + 2] ?? 0;
    at = valueAt + Math.max(sizeBytes, 0);
    if (keyBytes !== 1 || sizeBytes <= 0) continue;
    switch (letter) {
      case Letter.a:
        producerGroup = repeatedText(frame, valueAt, sizeBytes);
        break;
      case Letter.b:
        topic = repeatedText(frame, valueAt, sizeBytes);
        break;
      case Letter.c:
        defaultTopic = repeatedText(frame, valueAt, sizeBytes);
        break;
      case Letter.d:
        defaultTopicQueueNums = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.e:
        queueId = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.f:
        sysFlag = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.g:
        bornTimestamp = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.h:
        flag = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.i:
        properties = frame.toString('utf8', valueAt, valueAt + sizeBytes);
        break;
      case Letter.j:
        reconsumeTimes = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.k:
        unitMode = repeatedText(frame, valueAt, sizeBytes).toLowerCase() === 'true';
        break;
      case Letter.l:
        maxReconsumeTimes = digitsAt(frame, valueAt, sizeBytes);
        break;
      case Letter.m:
        batch = repeatedText(frame, valueAt, sizeBytes).toLowerCase() === 'true';
        break;
      case Letter.n:
        bname = repeatedText(frame, valueAt, sizeBytes);
        break;
    }
  }
  if (producerGroup === undefined || topic === undefined || defaultTopic === undefined) return undefined;
  const header = {
    producerGroup,
    topic,
    defaultTopic,
    defaultTopicQueueNums,
    queueId,
    sysFlag,
    bornTimestamp,
    flag,
    properties,
    reconsumeTimes,
    unitMode,
    maxReconsumeTimes,
    batch,
    bname,
  };
  return isPlain(header) ? header : undefined;
}

/** Bytes of the letters, for the switch. */
const Letter = {
  a: 97,
  b: 98,
  c: 99,
  d: 100,
  e: 101,
  f: 102,
  g: 103,
  h: 104,
  i: 105,
  j: 106,
  k: 107,
  l: 108,
  m: 109,
  n: 110,
} as const;

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
  ...messageHeader,
  /** `ip:port` of the responder and of the broker. */
  bornHost: string,
  storeHost: string,
  storeTimestamp: long,
} as const;
