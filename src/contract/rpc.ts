/*
 * Host ⇄ page. The page calls, the host answers each call with a value or an error under the call's id; the host
 * may tell the page events at any time. One helper on either side matches ids.
 */

export interface PageCall {
  readonly kind: 'call';
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** What people read: already in their language, with the next step in words. */
export interface PageError {
  readonly code: string;
  readonly message: string;
}

export type HostMessage =
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: PageError }
  | { readonly kind: 'event'; readonly event: string; readonly data: unknown };

/** What a page knows of itself before it asks; it also gives it to `setState`, so that a reload finds the panel again. */
export interface PageIdentity {
  readonly connectionId: string;
  /** Of a tail. */
  readonly topic?: string;
  /** As whose member a tail of a gRPC endpoint receives. */
  readonly group?: string;
}

/** A page's contract: its calls with parameters and result, and the events it is told. */
export interface PageContract {
  readonly calls: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
  readonly events: Readonly<Record<string, unknown>>;
}
