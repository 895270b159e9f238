/** What a cluster is made of, as the explorer shows it. */

/** What several brokers were asked for: what came, and who did not answer. */
export interface Listing<Item> {
  readonly items: readonly Item[];
  readonly unanswered: readonly Unanswered[];
}

export interface Unanswered {
  readonly address: string;
  readonly error: unknown;
}

export interface BrokerNode {
  readonly clusterName: string;
  readonly brokerName: string;
  /** 0 is the master, others are slaves. */
  readonly brokerId: number;
  readonly address: string;
}

export interface BrokerDetail {
  /** `V5_3_3`, or undefined when the broker did not answer. */
  readonly version: string | undefined;
  /** The broker's answer to GET_BROKER_RUNTIME_INFO, as it is. */
  readonly runtime: ReadonlyMap<string, string>;
}

export type TopicKind = 'normal' | 'retry' | 'deadLetter' | 'system';

export type MessageType = 'UNSPECIFIED' | 'NORMAL' | 'FIFO' | 'DELAY' | 'TRANSACTION' | 'MIXED';

export interface TopicSummary {
  readonly topic: string;
  readonly kind: TopicKind;
}

export interface QueueState {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly lastUpdateMs: number | undefined;
}

export interface GroupSummary {
  readonly group: string;
  readonly system: boolean;
}

/** A member of a group that is online, by whichever protocol: brokers count those of gRPC among them. */
export interface GroupClient {
  readonly clientId: string;
  /** `ip:port` */
  readonly address: string;
  /** As it says itself: `JAVA`, `PYTHON`, … */
  readonly language: string;
  /** In Apache's spelling, such as `V5_3_3`. */
  readonly release: string;
  /** `CONSUME_PASSIVELY` (it is pushed to) or `CONSUME_ACTIVELY` (it asks); empty when the broker does not say. */
  readonly consumeType: string;
  readonly messageModel: string;
}

export interface TopicSpec {
  readonly topic: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  /** Bits: 4 read, 2 write. */
  readonly perm: number;
  readonly messageType: MessageType;
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly tag?: string;
  readonly keys?: readonly string[];
  readonly properties?: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export type SendStatus = 'SEND_OK' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE';

export interface SendReceipt {
  readonly status: SendStatus;
  /** The unique key, which people know as the message id. */
  readonly messageId: string;
  readonly offsetMessageId: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly offset: number;
  readonly elapsedMs: number;
}
