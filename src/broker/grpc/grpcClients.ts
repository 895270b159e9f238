import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import type { GrpcSession } from '../../remoting/grpc/grpcCall.ts';
import { GrpcClient } from './grpcClient.ts';
import { OpenTransactions } from './openTransactions.ts';

/** A client whose every connection ended is gone after so long: it comes again sooner when only the network failed. */
const GONE_MS = 30_000;

/** An open stream of telemetry over which settings came. */
export interface Conversation {
  /** The client was taken for gone, since it was silent for too long, and is heard again: it is what it was. */
  resume(client: GrpcClient): void;
}

/** The clients of the gRPC endpoint by their ids, from their first settings or heartbeat until they are gone. */
export class GrpcClients implements Disposable {
  readonly transactions = new OpenTransactions();
  readonly #clients = new Map<string, GrpcClient>();
  readonly #leaving = new Map<GrpcClient, Disposable>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  get size(): number {
    return this.#clients.size;
  }

  get(clientId: string): GrpcClient | undefined {
    return this.#clients.get(clientId);
  }

  all(): IterableIterator<GrpcClient> {
    return this.#clients.values();
  }

  /** The client with that id, which begins to be known where it was not. */
  obtain(of: { readonly clientId: string; readonly language: string; readonly session: GrpcSession }): GrpcClient {
    const { clientId, language, session } = of;
    let client = this.#clients.get(clientId);
    if (client === undefined) {
      const added = new GrpcClient({
        clientId,
        language,
        remoteAddress: session.remoteAddress,
        clock: this.#clock,
        transactions: this.transactions,
      });
      this.#clients.set(clientId, added);
      added.onClose(() => this.#forget(added));
      this.#conversations.get(clientId)?.resume(added);
      client = added;
    }
    this.#heard(client, session);
    return client;
  }

  /** A client called over this connection. @returns it, when it is known */
  heard(clientId: string, session: GrpcSession): GrpcClient | undefined {
    const client = this.#clients.get(clientId);
    if (client !== undefined) this.#heard(client, session);
    return client;
  }

  /** The newest conversation of a client counts. */
  conversing(clientId: string, conversation: Conversation): void {
    this.#conversations.set(clientId, conversation);
  }

  /** That conversation is over; without one given, whichever the client has. */
  takesLeave(clientId: string, conversation = this.#conversations.get(clientId)): void {
    if (this.#conversations.get(clientId) === conversation) this.#conversations.delete(clientId);
  }

  /** All of them are gone. */
  dispose(): void {
    for (const client of [...this.#clients.values()]) client.dispose();
  }

  #heard(client: GrpcClient, session: GrpcSession): void {
    if (client.sessions.has(session)) return;
    client.sessions.add(session);
    this.#leaving.get(client)?.dispose();
    this.#leaving.delete(client);
    session.onClose(() => {
      if (!client.sessions.delete(session) || client.sessions.size > 0 || client.isDisposed) return;
      const timer = this.#clock.after(GONE_MS, () => {
        this.#logger.info(`gRPC client ${client.clientId} is gone: it has had no connection for ${GONE_MS / 1000} s`);
        client.dispose();
      });
      this.#leaving.set(client, timer);
    });
  }

  #forget(client: GrpcClient): void {
    this.#leaving.get(client)?.dispose();
    this.#leaving.delete(client);
    if (this.#clients.get(client.clientId) === client) this.#clients.delete(client.clientId);
  }
}
