import { boolean, int, optional, string } from '../fields.ts';

/** UPDATE_AND_CREATE_TOPIC 17. Source: CreateTopicRequestHeader.java; remoting sheet §3.8. */
export const createTopic = {
  topic: string,
  /** The template of auto-creation; required on the wire and unused here: `TBW102`. */
  defaultTopic: string,
  readQueueNums: int,
  writeQueueNums: int,
  /** Bits: 4 read, 2 write, 1 inherit. */
  perm: int,
  topicFilterType: string,
  topicSysFlag: optional(int),
  order: boolean,
  /** `+message.type=FIFO,-key`: add or alter, delete. */
  attributes: optional(string),
  force: optional(boolean),
} as const;

/** GET_ALL_TOPIC_CONFIG 21, from 5.3 on; readers without these take everything at once. */
export const topicPage = {
  topicSeq: optional(int),
  maxTopicNum: optional(int),
  /** JSON of the version that the page before had. */
  dataVersion: optional(string),
} as const;

/** Requests that name one topic: 105 (with acceptStandardJsonOnly), 202, 215, 216, 300, 351. */
export const topicOnly = { topic: string } as const;

/** DELETE_TOPIC_IN_NAMESRV 216. */
export const deleteTopicInNameServer = { topic: string, clusterName: optional(string) } as const;
