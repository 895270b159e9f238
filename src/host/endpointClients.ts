import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { CodedError } from '../base/errors.ts';
import type { EndpointClient } from '../client/grpc/endpointClient.ts';
import { connectsAlike } from './connectionList.ts';
import type { ConnectionInfo, EndpointConnection } from './connectionList.ts';
import type { Connections } from './connections.ts';
import { EndpointPanelClient } from './endpointPanelClient.ts';

type ConnectionSource = Pick<Connections, 'get' | 'onDidChange'>;

interface Held {
  readonly connection: EndpointConnection;
  readonly client: EndpointClient;
  readonly forPanels: EndpointPanelClient;
}

/** One client an endpoint, made when it is first asked for. */
export class EndpointClients implements Disposable {
  readonly #connections: ConnectionSource;
  readonly #create: (connection: EndpointConnection) => EndpointClient;
  readonly #clients = new Map<string, Held>();
  readonly #subscription: Disposable;
  readonly #changes = new Emitter<undefined>();
  /** The connections changed, or their clients: who holds one asks for it again. */
  readonly onDidChange = this.#changes.event;

  constructor(connections: ConnectionSource, create: (connection: EndpointConnection) => EndpointClient) {
    this.#connections = connections;
    this.#create = create;
    this.#subscription = connections.onDidChange((list) => this.#keepOnly(list));
  }

  /**
   * The client of the connection as it is now, whatever it was when a node got hold of it.
   * @throws CodedError `connection-gone`, `address-invalid`
   */
  of(connection: ConnectionInfo): EndpointClient {
    return this.#hold(connection).client;
  }

  /** As panels ask it: the same one as long as the connection stays as it is. @throws CodedError as `of` */
  forPanels(connection: ConnectionInfo): EndpointPanelClient {
    return this.#hold(connection).forPanels;
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

  #hold({ id, name }: ConnectionInfo): Held {
    const connection = this.#connections.get(id);
    if (connection?.endpoint === undefined) throw new CodedError('connection-gone', { name });
    const old = this.#clients.get(id);
    if (old !== undefined && connectsAlike(old.connection, connection)) return old;
    const client = this.#create(connection);
    old?.client.dispose();
    const topics = (): readonly string[] => this.#connections.get(id)?.endpoint?.topics ?? [];
    const held = { connection, client, forPanels: new EndpointPanelClient(client, topics) };
    this.#clients.set(id, held);
    return held;
  }

  #disposeAll(): void {
    for (const { client } of this.#clients.values()) client.dispose();
    this.#clients.clear();
  }

  #keepOnly(list: readonly ConnectionInfo[]): void {
    for (const [id, { connection, client }] of this.#clients) {
      const now = list.find((candidate) => candidate.id === id);
      if (now !== undefined && connectsAlike(now, connection)) continue;
      client.dispose();
      this.#clients.delete(id);
    }
    this.#changes.fire(undefined);
  }
}
