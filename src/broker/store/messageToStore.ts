import type { HostAddress } from '../../protocol/hostAddress.ts';

export interface MessageToStore {
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: HostAddress;
  readonly storeHost: HostAddress;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly body: Buffer;
  readonly properties: string;
}

export interface StoredAt {
  readonly physicalOffset: number;
  readonly queueOffset: number;
  readonly sizeBytes: number;
  readonly storeTimestamp: number;
}

/** A message that readers of its queue can see from now on. */
export interface Arrival {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly tagsCode: number;
  readonly properties: string;
}

/** The same in the queue of a lite topic. */
export interface LightArrival {
  readonly name: string;
  readonly offset: number;
}
