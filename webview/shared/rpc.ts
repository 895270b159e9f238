import type { HostMessage, PageCall, PageContract } from '../../src/contract/rpc.ts';
import { l10n } from './l10n.ts';

/** Longer than a request to a cluster may take, so that the host's own words are what people read. */
const CALL_TIMEOUT_MS = 30_000;

export interface CallOptions {
  readonly timeoutMs?: number;
  /** What people read when no answer came in time; says what to do next. */
  readonly unanswered?: (seconds: number) => string;
}

/** An answer that is an error. `message` is in the user's language. */
class CallError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: CallError) => void;
  readonly timer: number;
}

/** The page's end of the contract. Every call ends: with a value, an error, or after a timeout. */
export class PageRpc<C extends PageContract> {
  readonly #post: (message: PageCall) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, (data: unknown) => void>();
  #nextId = 1;

  constructor(post: (message: PageCall) => void) {
    this.#post = post;
    window.addEventListener('message', (event: MessageEvent<HostMessage | null | undefined>) => {
      if (typeof event.data === 'object' && event.data !== null) this.#receive(event.data);
    });
  }

  /** @throws CallError as the host answers, or with code `request-timeout` when it does not */
  call<M extends keyof C['calls'] & string>(
    method: M,
    params: C['calls'][M]['params'],
    { timeoutMs = CALL_TIMEOUT_MS, unanswered = tryAgain }: CallOptions = {},
  ): Promise<C['calls'][M]['result']> {
    const id = this.#nextId++;
    return new Promise((resolve, reject: (error: CallError) => void) => {
      const timer = window.setTimeout(() => {
        this.#pending.delete(id);
        reject(new CallError('request-timeout', unanswered(Math.round(timeoutMs / 1000))));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#post({ kind: 'call', id, method, params });
    });
  }

  /** One listener an event; a later one takes its place. */
  on<E extends keyof C['events'] & string>(event: E, listener: (data: C['events'][E]) => void): void {
    this.#listeners.set(event, (data) => listener(data as C['events'][E]));
  }

  #receive(message: HostMessage): void {
    if (message.kind === 'event') {
      this.#listeners.get(message.event)?.(message.data);
      return;
    }
    // An answer that comes after its timeout finds nothing and is dropped.
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    window.clearTimeout(pending.timer);
    if (message.kind === 'value') pending.resolve(message.value);
    else pending.reject(new CallError(message.error.code, message.error.message));
  }
}

function tryAgain(seconds: number): string {
  return l10n.t('The extension did not answer within {0} seconds. Try again; if it stays, reload the window.', seconds);
}

/** What to show for anything a call was rejected with. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
