import type { AnswerHook, Peer, RequestHandler } from '../remoting/connection.ts';

/** Which of the two servers a request comes to. */
export type ServerKind = 'broker' | 'nameServer';

/** What stands between clients and the handlers of a broker that is told to fail. */
export interface RequestFaults {
  /** @param clientIdOf what the heartbeats of a connection said */
  around(
    server: ServerKind,
    handle: RequestHandler,
    clientIdOf: (connection: Peer) => string | undefined,
  ): RequestHandler;
  readonly answering: AnswerHook;
}
