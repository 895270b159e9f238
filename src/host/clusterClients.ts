import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { CodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { ClusterClient } from '../client/clusterClient.ts';
import type { ConnectionInfo } from './connectionList.ts';
import { LOCAL_CONNECTION_ID } from './connectionList.ts';
import type { Connections } from './connections.ts';

type ConnectionSource = Pick<Connections, 'get' | 'onDidChange'>;

/** One client a connection, made when it is first asked for. */
export class ClusterClients implements Disposable {
  readonly #connections: ConnectionSource;
  readonly #create: (nameServers: string) => ClusterClient;
  readonly #clients = new Map<string, { readonly nameServers: string; readonly client: ClusterClient }>();
  readonly #logger: Logger;
  readonly #subscription: Disposable;
  readonly #changes = new Emitter<undefined>();
  /** The connections changed, or their clients: who holds one asks for it again. */
  readonly onDidChange = this.#changes.event;

  constructor(connections: ConnectionSource, create: (nameServers: string) => ClusterClient, logger: Logger) {
    this.#connections = connections;
    this.#create = create;
    this.#logger = logger;
    this.#subscription = connections.onDidChange((list) => this.#keepOnly(list));
  }

  /**
   * The client of the connection as it is now, whatever it was when a node got hold of it.
   * @throws CodedError `connection-gone`, `name-server-needed` of a gRPC endpoint, `address-invalid` when the connection's addresses cannot be read
   */
  of({ id, name }: ConnectionInfo): ClusterClient {
    const connection = this.#connections.get(id);
    if (connection === undefined) throw new CodedError('connection-gone', { name });
    const { nameServers } = connection;
    if (nameServers === undefined) throw new CodedError('name-server-needed', { name });
    const held = this.#clients.get(id);
    if (held?.nameServers === nameServers) return held.client;
    const client = this.#create(nameServers);
    held?.client.dispose();
    this.#clients.set(id, { nameServers, client });
    return client;
  }

  /** Undefined when there is no such connection, or none with addresses that can be read. */
  byId(connectionId: string): { readonly name: string; readonly client: ClusterClient } | undefined {
    const connection = this.#connections.get(connectionId);
    if (connection === undefined) return undefined;
    try {
      return { name: connection.name, client: this.of(connection) };
    } catch (error) {
      this.#logger.error(`the connection ${connection.name} cannot be used`, error);
      return undefined;
    }
  }

  /** Ends all clients, for what they were made with is no longer so; who asks next gets a new one. */
  renew(): void {
    this.#disposeAll();
    this.#changes.fire(undefined);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#disposeAll();
    this.#changes.dispose();
  }

  #disposeAll(): void {
    for (const { client } of this.#clients.values()) client.dispose();
    this.#clients.clear();
  }

  #keepOnly(list: readonly ConnectionInfo[]): void {
    for (const [id, { nameServers, client }] of this.#clients) {
      const connection = list.find((candidate) => candidate.id === id);
      // The local broker comes back after a restart: panels that are open go on with the client they have.
      if (connection === undefined ? id === LOCAL_CONNECTION_ID : connection.nameServers === nameServers) continue;
      client.dispose();
      this.#clients.delete(id);
    }
    this.#changes.fire(undefined);
  }
}
