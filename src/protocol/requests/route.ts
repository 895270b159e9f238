import { boolean, int, long, optional, string } from '../fields.ts';

/* NameServer requests: remoting sheet §3.1. */

/** GET_ROUTEINFO_BY_TOPIC 105. */
export const getRoute = {
  topic: string,
  acceptStandardJsonOnly: optional(boolean),
  /** Clients of one zone ask for the brokers of theirs. Source: ZoneRouteRPCHook.java. */
  __ZONE_MODE: optional(boolean),
  __ZONE_NAME: optional(string),
} as const;

/** REGISTER_TOPIC_IN_NAMESRV 217; the queues are in the body, as those of a route. */
export const registerTopic = { topic: string } as const;

/** REGISTER_BROKER 103. Source: RegisterBrokerRequestHeader.java. */
export const registerBroker = {
  brokerName: string,
  brokerAddr: string,
  clusterName: string,
  haServerAddr: string,
  brokerId: long,
  compressed: optional(boolean),
  /** 0 means not to be checked. */
  bodyCrc32: optional(int),
  heartbeatTimeoutMillis: optional(long),
  enableActingMaster: optional(boolean),
  /** Set by the operator on the broker; no field of the Java header. */
  __ZONE_NAME: optional(string),
} as const;

/** Filled for slaves whose master is known. */
export const registerBrokerResponse = { haServerAddr: optional(string), masterAddr: optional(string) } as const;

/** UNREGISTER_BROKER 104 and QUERY_DATA_VERSION 322. */
export const brokerIdentity = { brokerName: string, brokerAddr: string, clusterName: string, brokerId: long } as const;

/** BROKER_HEARTBEAT 904: what of it tells which broker lives. */
export const brokerLiveness = { clusterName: string, brokerName: string, brokerAddr: string } as const;

export const queryDataVersionResponse = { changed: boolean } as const;

/** GET_BROKER_MEMBER_GROUP 901. */
export const brokerMemberGroup = { clusterName: string, brokerName: string } as const;

/** GET_TOPICS_BY_CLUSTER 224. */
export const topicsByCluster = { cluster: string } as const;

/** WIPE_WRITE_PERM_OF_BROKER 205 and ADD_WRITE_PERM_OF_BROKER 327. */
export const brokerNameOnly = { brokerName: string } as const;
export const wipeWritePermResponse = { wipeTopicCount: int } as const;
export const addWritePermResponse = { addTopicCount: int } as const;

/** PUT_KV_CONFIG 100, GET_KV_CONFIG 101, DELETE_KV_CONFIG 102, GET_KVLIST_BY_NAMESPACE 219. */
export const putKvConfig = { namespace: string, key: string, value: string } as const;
export const kvKey = { namespace: string, key: string } as const;
export const kvNamespace = { namespace: string } as const;
export const getKvConfigResponse = { value: optional(string) } as const;
