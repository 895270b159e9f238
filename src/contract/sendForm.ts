/** What is typed in the send form; kept when the panel is hidden and after a reload. */
export interface SendDraft {
  readonly topic: string;
  readonly tag: string;
  /** Separated by spaces. */
  readonly keys: string;
  readonly properties: readonly SendProperty[];
  readonly body: string;
  readonly delivery: DeliveryDraft;
}

/** Types of messages, by their names in the protocol. */
export type SendType = 'NORMAL' | 'FIFO' | 'DELAY' | 'PRIORITY' | 'LITE' | 'TRANSACTION';

export type DelayUnit = 'seconds' | 'minutes' | 'hours' | 'days';

/** As what the message is sent, where types are known. Texts are as they were typed, also those of other types. */
export interface DeliveryDraft {
  readonly type: SendType;
  readonly messageGroup: string;
  readonly delayBy: 'duration' | 'moment';
  readonly delay: string;
  readonly delayUnit: DelayUnit;
  /** `2026-01-31T12:00:00`, by the clock on the wall. */
  readonly deliverAt: string;
  readonly priority: string;
  readonly liteTopic: string;
  readonly transactionEnd: 'commit' | 'rollback';
}

/** What makes a message one of its type. */
export type SendDelivery =
  | { readonly type: 'NORMAL' }
  | { readonly type: 'FIFO'; readonly group: string }
  | { readonly type: 'DELAY'; readonly afterMs: number }
  | { readonly type: 'DELAY'; readonly deliverAtMs: number }
  | { readonly type: 'PRIORITY'; readonly priority: number }
  | { readonly type: 'LITE'; readonly liteTopic: string }
  | { readonly type: 'TRANSACTION'; readonly end: 'commit' | 'rollback' };

export interface SendProperty {
  readonly name: string;
  readonly value: string;
}

export interface SendConnection {
  readonly name: string;
  /** Whether a message is sent as one of a type: a gRPC endpoint wants it so. */
  readonly knowsTypes: boolean;
}

export interface SendFormState {
  readonly connection: SendConnection;
  /** Topics a message can be sent to, sorted; empty while unknown. */
  readonly topics: readonly string[];
  readonly draft: SendDraft;
  readonly maxBodyBytes: number;
}

export interface SendReceipt {
  readonly messageId: string;
  /** These are undefined where nobody tells: a gRPC endpoint does not. */
  readonly offsetMessageId: string | undefined;
  readonly brokerName: string | undefined;
  readonly queueId: number | undefined;
  readonly offset: number;
  /** From the request's first byte to the answer. */
  readonly elapsedMs: number;
  /** `SEND_OK`, or what the broker could not promise: `FLUSH_DISK_TIMEOUT`, `FLUSH_SLAVE_TIMEOUT`, `SLAVE_NOT_AVAILABLE`. */
  readonly status: string;
  /** Of a transaction, as a gRPC endpoint calls it. */
  readonly transactionId?: string | undefined;
  /** Takes a message for a later moment back. */
  readonly recallHandle?: string | undefined;
}

export interface SendFormContract {
  readonly calls: {
    /** `saved` is what the page kept of itself, newer than what the host has; the answer's draft is the one to show. */
    readonly ready: { readonly params: { readonly saved: SendDraft | undefined }; readonly result: SendFormState };
    readonly saveDraft: { readonly params: SendDraft; readonly result: undefined };
    readonly refreshTopics: { readonly params: undefined; readonly result: readonly string[] };
    /** Types of messages that the topic takes; empty when nobody says so. */
    readonly messageTypes: { readonly params: { readonly topic: string }; readonly result: readonly SendType[] };
    readonly send: {
      readonly params: { readonly draft: SendDraft; readonly delivery: SendDelivery };
      readonly result: SendReceipt;
    };
    /** The text with every number and string left as written, or undefined when it is no JSON. */
    readonly formatJson: { readonly params: { readonly text: string }; readonly result: string | undefined };
    readonly copy: { readonly params: { readonly text: string }; readonly result: undefined };
    /** Opens the tail of the draft's topic. */
    readonly openTail: { readonly params: { readonly topic: string }; readonly result: undefined };
  };
  readonly events: {
    readonly topics: readonly string[];
    /** Somebody asked to send to this topic while the page was open. */
    readonly topic: string;
    readonly connection: SendConnection;
  };
}
