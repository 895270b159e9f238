import type { Disposable } from '../base/disposable.ts';
import type { Logger } from '../base/logger.ts';
import type { ClusterClient } from '../client/clusterClient.ts';
import type { ConnectionInfo } from './connectionList.ts';
import { LOCAL_CONNECTION_ID } from './connectionList.ts';
import type { Connections } from './connections.ts';

/** One client a connection, made when it is first asked for. */
export class ClusterClients implements Disposable {
  readonly #connections: Connections;
  readonly #create: (nameServers: string) => ClusterClient;
  readonly #clients = new Map<string, { readonly nameServers: string; readonly client: ClusterClient }>();
  readonly #logger: Logger;
  readonly #subscription: Disposable;

  constructor(connections: Connections, create: (nameServers: string) => ClusterClient, logger: Logger) {
    this.#connections = connections;
    this.#create = create;
    this.#logger = logger;
    this.#subscription = connections.onDidChange((list) => this.#keepOnly(list));
  }

  /** @throws CodedError `address-invalid` when the connection's addresses cannot be read */
  of(connection: ConnectionInfo): ClusterClient {
    const held = this.#clients.get(connection.id);
    if (held?.nameServers === connection.nameServers) return held.client;
    held?.client.dispose();
    const { nameServers } = connection;
    const client = this.#create(nameServers);
    this.#clients.set(connection.id, { nameServers, client });
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

  dispose(): void {
    this.#subscription.dispose();
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
  }
}
