import type { PageIdentity } from '../../src/contract/rpc.ts';
import { readPageData } from './pageData.ts';

/** What a page keeps in VS Code while it is hidden and over a reload of the window. */
interface Kept<State> {
  /** The host's serializer reads this to find the connection again. */
  readonly identity: PageIdentity;
  readonly state: State | undefined;
}

export interface PageApi<State> {
  readonly identity: PageIdentity;
  readonly post: (message: unknown) => void;
  /** What was kept under the same identity, or undefined. */
  read(): State | undefined;
  keep(state: State): void;
}

/** The page's end of VS Code; may be taken once a page. */
export function takePageApi<State>(): PageApi<State> {
  const api = acquireVsCodeApi<Kept<State>>();
  const identity = readPageData('identity') as PageIdentity;
  const found = api.getState();
  const state = found !== undefined && sameIdentity(found.identity, identity) ? found.state : undefined;
  api.setState({ identity, state });
  return {
    identity,
    post: (message) => api.postMessage(message),
    read: () => state,
    keep: (next) => void api.setState({ identity, state: next }),
  };
}

function sameIdentity(a: PageIdentity, b: PageIdentity): boolean {
  return a.connectionId === b.connectionId && a.topic === b.topic;
}
