/** What is typed in the send form; kept when the panel is hidden and after a reload. */
export interface SendDraft {
  readonly topic: string;
  readonly tag: string;
  /** Separated by spaces. */
  readonly keys: string;
  readonly properties: readonly SendProperty[];
  readonly body: string;
}

export interface SendProperty {
  readonly name: string;
  readonly value: string;
}

export interface SendFormState {
  readonly connectionName: string;
  /** Topics a message can be sent to, sorted; empty while unknown. */
  readonly topics: readonly string[];
  readonly draft: SendDraft;
  readonly maxBodyBytes: number;
}

export interface SendReceipt {
  readonly messageId: string;
  readonly offsetMessageId: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly offset: number;
  /** From the request's first byte to the answer. */
  readonly elapsedMs: number;
  /** `SEND_OK`, or what the broker could not promise: `FLUSH_DISK_TIMEOUT`, `FLUSH_SLAVE_TIMEOUT`, `SLAVE_NOT_AVAILABLE`. */
  readonly status: string;
}

export interface SendFormContract {
  readonly calls: {
    readonly ready: { readonly params: undefined; readonly result: SendFormState };
    readonly saveDraft: { readonly params: SendDraft; readonly result: undefined };
    readonly refreshTopics: { readonly params: undefined; readonly result: readonly string[] };
    readonly send: { readonly params: SendDraft; readonly result: SendReceipt };
    /** Opens the tail of the draft's topic. */
    readonly openTail: { readonly params: { readonly topic: string }; readonly result: undefined };
  };
  readonly events: {
    readonly topics: readonly string[];
  };
}
