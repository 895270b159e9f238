import { boolean, int, optional, string } from '../fields.ts';

/* Members, locks and configuration of groups: remoting sheet §3.6 and §3.8. */

/** UNREGISTER_CLIENT 35. */
export const unregisterClient = {
  clientID: string,
  producerGroup: optional(string),
  consumerGroup: optional(string),
} as const;

/** Requests that name one consumer group: 38, 40, 203, and 208 with a topic. */
export const consumerGroupOnly = { consumerGroup: string } as const;
export const consumeStats = {
  consumerGroup: string,
  topic: optional(string),
  /** Topics joined by `;`. */
  topicList: optional(string),
} as const;

/** GET_PRODUCER_CONNECTION_LIST 204. */
export const producerGroupOnly = { producerGroup: string } as const;

/** GET_SUBSCRIPTIONGROUP_CONFIG 352, QUERY_TOPICS_BY_CONSUMER 343. */
export const groupOnly = { group: string } as const;

/** QUERY_SUBSCRIPTION_BY_CONSUMER 345. */
export const groupAndTopic = { group: string, topic: optional(string) } as const;

/** QUERY_CONSUME_TIME_SPAN 303. */
export const consumeTimeSpan = { topic: string, group: string } as const;

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG 201; without any of them all groups are meant. */
export const groupPage = {
  groupSeq: optional(int),
  /** The version of the page before, as JSON. */
  dataVersion: optional(string),
  maxGroupNum: optional(int),
} as const;

/** UPDATE_AND_GET_GROUP_FORBIDDEN 353. */
export const updateForbidden = { group: string, topic: string, readable: optional(boolean) } as const;

/** DELETE_SUBSCRIPTIONGROUP 207. */
export const deleteGroup = { groupName: string, cleanOffset: optional(boolean) } as const;

/** Ext fields of the answer to HEART_BEAT 34. */
export const heartbeatResponse = { IS_SUPPORT_HEART_BEAT_V2: string, IS_SUB_CHANGE: string } as const;
