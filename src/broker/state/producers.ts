import type { Clock } from '../../base/clock.ts';
import type { Peer } from '../../remoting/peer.ts';
import type { ClientInfo } from './consumers.ts';

/** Who produces, by group. Source: ProducerManager.java. */
export class Producers {
  readonly #groups = new Map<string, Map<Peer, ClientInfo>>();
  readonly #byClientId = new Map<string, Peer>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  members(group: string): ReadonlyMap<Peer, ClientInfo> | undefined {
    return this.#groups.get(group);
  }

  all(): ReadonlyMap<string, ReadonlyMap<Peer, ClientInfo>> {
    return this.#groups;
  }

  /** Where a client is that produces for whatever group. */
  find(clientId: string): Peer | undefined {
    return this.#byClientId.get(clientId);
  }

  register(group: string, connection: Peer, client: Omit<ClientInfo, 'lastUpdateMs'>): void {
    let members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, (members = new Map<Peer, ClientInfo>()));
    members.set(connection, { ...client, lastUpdateMs: this.#clock.now() });
    this.#byClientId.set(client.clientId, connection);
  }

  unregister(group: string, connection: Peer): void {
    const members = this.#groups.get(group);
    const client = members?.get(connection);
    if (members === undefined || client === undefined) return;
    members.delete(connection);
    if (members.size === 0) this.#groups.delete(group);
    for (const others of this.#groups.values()) if (others.has(connection)) return;
    if (this.#byClientId.get(client.clientId) === connection) this.#byClientId.delete(client.clientId);
  }

  unregisterAll(connection: Peer): void {
    for (const group of [...this.#groups.keys()]) this.unregister(group, connection);
  }

  /** Connections without a heartbeat since `sinceMs`. */
  silentSince(sinceMs: number): Set<Peer> {
    const silent = new Set<Peer>();
    for (const members of this.#groups.values()) {
      for (const [connection, client] of members) if (client.lastUpdateMs < sinceMs) silent.add(connection);
    }
    return silent;
  }
}
