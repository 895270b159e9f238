import { optional, string } from '../fields.ts';

/* Questions that the broker passes on to a client: remoting sheet §3.8. */

/** GET_CONSUMER_RUNNING_INFO 307; `jstackEnable` is the client's to read. */
export const consumerRunningInfo = { consumerGroup: string, clientId: string } as const;

/** CONSUME_MESSAGE_DIRECTLY 309. `msgId` is an offset id. */
export const consumeMessageDirectly = {
  consumerGroup: string,
  clientId: optional(string),
  msgId: optional(string),
  topic: optional(string),
} as const;

/** INVOKE_BROKER_TO_GET_CONSUMER_STATUS 223, and GET_CONSUMER_STATUS_FROM_CLIENT 221. `clientAddr` is a client id. */
export const consumerStatus = { topic: string, group: string, clientAddr: optional(string) } as const;
