import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../../remoting/connection.ts';
import type { ClientInfo } from './consumers.ts';

/** Who produces, by group. Source: ProducerManager.java. */
export class Producers {
  readonly #groups = new Map<string, Map<Connection, ClientInfo>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  members(group: string): ReadonlyMap<Connection, ClientInfo> | undefined {
    return this.#groups.get(group);
  }

  all(): ReadonlyMap<string, ReadonlyMap<Connection, ClientInfo>> {
    return this.#groups;
  }

  register(group: string, connection: Connection, client: Omit<ClientInfo, 'lastUpdateMs'>): void {
    let members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, (members = new Map<Connection, ClientInfo>()));
    members.set(connection, { ...client, lastUpdateMs: this.#clock.now() });
  }

  unregister(group: string, connection: Connection): void {
    const members = this.#groups.get(group);
    if (members?.delete(connection) === true && members.size === 0) this.#groups.delete(group);
  }

  unregisterAll(connection: Connection): void {
    for (const group of [...this.#groups.keys()]) this.unregister(group, connection);
  }

  /** Connections without a heartbeat since `sinceMs`. */
  silentSince(sinceMs: number): Set<Connection> {
    const silent = new Set<Connection>();
    for (const members of this.#groups.values()) {
      for (const [connection, client] of members) if (client.lastUpdateMs < sinceMs) silent.add(connection);
    }
    return silent;
  }
}
