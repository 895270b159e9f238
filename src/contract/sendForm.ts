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
  /** These are undefined where nobody tells: a gRPC endpoint does not. */
  readonly offsetMessageId: string | undefined;
  readonly brokerName: string | undefined;
  readonly queueId: number | undefined;
  readonly offset: number;
  /** From the request's first byte to the answer. */
  readonly elapsedMs: number;
  /** `SEND_OK`, or what the broker could not promise: `FLUSH_DISK_TIMEOUT`, `FLUSH_SLAVE_TIMEOUT`, `SLAVE_NOT_AVAILABLE`. */
  readonly status: string;
}

export interface SendFormContract {
  readonly calls: {
    /** `saved` is what the page kept of itself, newer than what the host has; the answer's draft is the one to show. */
    readonly ready: { readonly params: { readonly saved: SendDraft | undefined }; readonly result: SendFormState };
    readonly saveDraft: { readonly params: SendDraft; readonly result: undefined };
    readonly refreshTopics: { readonly params: undefined; readonly result: readonly string[] };
    readonly send: { readonly params: SendDraft; readonly result: SendReceipt };
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
    readonly connectionName: string;
  };
}
