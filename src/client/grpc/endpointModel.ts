import type { OutgoingMessage } from '../model.ts';

/** What an endpoint tells, as the explorer shows it. */

export type EndpointPermission = 'none' | 'read' | 'write' | 'readWrite' | 'unknown';

/** Types of messages that a topic takes, by their names in the protocol. */
export type EndpointMessageType = 'NORMAL' | 'FIFO' | 'DELAY' | 'TRANSACTION' | 'LITE' | 'PRIORITY';

export interface EndpointQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly permission: EndpointPermission;
  /** Where clients reach it: `host:port` each. */
  readonly endpoints: readonly string[];
  /** What the topic takes; empty when the endpoint does not say. */
  readonly accepts: readonly EndpointMessageType[];
}

/** What an endpoint tells its producers. */
export interface EndpointSettings {
  readonly maxBodyBytes: number;
  readonly checksMessageType: boolean;
  readonly maxAttempts: number;
}

/** What makes a message one of its type. */
export type Delivery =
  | { readonly type: 'NORMAL' }
  /** In order with others of its group. */
  | { readonly type: 'FIFO'; readonly group: string }
  | { readonly type: 'DELAY'; readonly deliverAtMs: number }
  | { readonly type: 'PRIORITY'; readonly priority: number }
  | { readonly type: 'LITE'; readonly liteTopic: string }
  /** Sent as a half message, and ended at once. */
  | { readonly type: 'TRANSACTION'; readonly end: 'commit' | 'rollback' };

export interface EndpointMessage extends OutgoingMessage {
  readonly delivery: Delivery;
}

/** Neither broker nor queue: an endpoint does not say where it put the message. */
export interface EndpointReceipt {
  readonly messageId: string;
  readonly offset: number;
  readonly transactionId: string | undefined;
  /** Takes a message for a later moment back. */
  readonly recallHandle: string | undefined;
  readonly elapsedMs: number;
}
