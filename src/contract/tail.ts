export interface TailRow {
  /** Position since the tail began; never changes, also when older rows fall out of the buffer or it is cleared. */
  readonly number: number;
  readonly storedAtMs: number;
  readonly brokerName: string;
  readonly queueId: number;
  readonly offset: number;
  readonly tag: string;
  readonly keys: string;
  /** The first characters of the body on one line; says so when the body is no text. */
  readonly preview: string;
  /** Of the body. */
  readonly sizeBytes: number;
}

export interface TailMessage extends TailRow {
  readonly topic: string;
  readonly messageId: string;
  readonly offsetMessageId: string;
  readonly bornAtMs: number;
  readonly bornHost: string;
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  /** The body as people read it; of a long one the beginning. */
  readonly body: string;
  /** `hex` where the bytes are no UTF-8 text. */
  readonly bodyFormat: 'json' | 'text' | 'hex';
  /** How many of `sizeBytes` stand in `body`. */
  readonly shownBytes: number;
  /** Why the body could not be decompressed and is shown as it came, in people's words. */
  readonly bodyProblem: string | undefined;
}

export interface TailState {
  readonly connectionName: string;
  readonly topic: string;
  /** As whose member it receives; of a gRPC endpoint alone. */
  readonly group: string | undefined;
  /** It came back with the window, and joins its group when somebody says so. */
  readonly waitsToJoin: boolean;
  readonly paused: boolean;
  /** False until it stands at the end of every queue: what is sent from then on will be shown. */
  readonly reading: boolean;
  /** Number of the oldest row held, which is also how many fell out or were cleared; `held` rows follow it. */
  readonly first: number;
  readonly held: number;
  /** Most rows and most bytes of bodies that are held; the oldest go first. */
  readonly capacity: number;
  readonly capacityBytes: number;
  /** Set while a queue cannot be read, in people's words; the tail goes on trying. */
  readonly problem: string | undefined;
}

export interface TailContract {
  readonly calls: {
    readonly ready: { readonly params: undefined; readonly result: TailState };
    readonly rows: {
      readonly params: { readonly first: number; readonly limit: number };
      readonly result: readonly TailRow[];
    };
    readonly join: { readonly params: undefined; readonly result: TailState };
    readonly pause: { readonly params: undefined; readonly result: TailState };
    readonly resume: { readonly params: undefined; readonly result: TailState };
    readonly clear: { readonly params: undefined; readonly result: TailState };
    /** The whole message, or an error when it fell out of the buffer. */
    readonly message: { readonly params: { readonly number: number }; readonly result: TailMessage };
    /** Copies all of the body, also of a long one. */
    readonly copyBody: { readonly params: { readonly number: number }; readonly result: undefined };
    readonly copy: { readonly params: { readonly text: string }; readonly result: undefined };
    readonly openInEditor: { readonly params: { readonly number: number }; readonly result: undefined };
    readonly openSend: { readonly params: undefined; readonly result: undefined };
  };
  readonly events: {
    /** At most every 100 ms while messages arrive. */
    readonly state: TailState;
  };
}
