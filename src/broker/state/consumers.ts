import type { Clock } from '../../base/clock.ts';
import type { ConsumerData, Subscription } from '../../protocol/bodies/group.ts';
import { tagFilter } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import type { Peer } from '../../remoting/peer.ts';
import { registerFilters } from './filterData.ts';
import type { FilterData } from './filterData.ts';
import { PulledSubscriptions } from './pulledSubscriptions.ts';

/** A client behind one connection, as its heartbeats describe it. */
export interface ClientInfo {
  readonly clientId: string;
  readonly language: string;
  /** Ordinal of the client's release. */
  readonly version: number;
  readonly lastUpdateMs: number;
}

export interface KnownSubscription extends Subscription {
  /** By its tags; filters by properties are in `filters` of the group. */
  readonly tagFilter: MessageFilter;
}

export interface ConsumerGroup {
  readonly group: string;
  readonly consumeType: ConsumerData['consumeType'];
  readonly messageModel: ConsumerData['messageModel'];
  readonly consumeFromWhere: ConsumerData['consumeFromWhere'];
  readonly subscriptions: ReadonlyMap<string, KnownSubscription>;
  /** Filters by properties, by topic. */
  readonly filters: ReadonlyMap<string, FilterData>;
  readonly members: ReadonlyMap<Peer, ClientInfo>;
}

/** What a heartbeat changed. */
export interface MembershipChange {
  /** The members should share the queues anew. */
  readonly sharing: boolean;
  /** A topic or an expression is another. */
  readonly subscriptions: boolean;
}

interface MutableGroup extends ConsumerGroup {
  consumeType: ConsumerData['consumeType'];
  messageModel: ConsumerData['messageModel'];
  consumeFromWhere: ConsumerData['consumeFromWhere'];
  readonly subscriptions: Map<string, KnownSubscription>;
  readonly filters: Map<string, FilterData>;
  readonly members: Map<Peer, ClientInfo>;
  fingerprint: number;
}

/**
 * Who consumes: groups with at least one member online. Source: ConsumerManager.java, ConsumerGroupInfo.java;
 * broker sheet §4.1.
 */
export class Consumers {
  readonly #groups = new Map<string, MutableGroup>();
  readonly #clock: Clock;
  /** What pulls bring with them. */
  readonly pulled: PulledSubscriptions;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.pulled = new PulledSubscriptions(clock);
  }

  get(group: string): ConsumerGroup | undefined {
    return this.#groups.get(group);
  }

  /** Of the group's heartbeats, or else of its pulls. */
  subscription(group: string, topic: string): Subscription | undefined {
    return this.#groups.get(group)?.subscriptions.get(topic) ?? this.pulled.get(group, topic);
  }

  groups(): IterableIterator<ConsumerGroup> {
    return this.#groups.values();
  }

  register(
    data: ConsumerData,
    connection: Peer,
    client: Omit<ClientInfo, 'lastUpdateMs'>,
    keepSubscriptions: boolean,
  ): MembershipChange {
    let group = this.#groups.get(data.groupName);
    if (group === undefined) {
      group = {
        group: data.groupName,
        consumeType: data.consumeType,
        messageModel: data.messageModel,
        consumeFromWhere: data.consumeFromWhere,
        subscriptions: new Map(),
        filters: new Map(),
        members: new Map(),
        fingerprint: 0,
      };
      this.#groups.set(data.groupName, group);
    }
    const isNew = group.members.get(connection)?.clientId !== client.clientId;
    group.members.set(connection, { ...client, lastUpdateMs: this.#clock.now() });
    if (keepSubscriptions) return { sharing: isNew, subscriptions: false };
    group.consumeType = data.consumeType;
    group.messageModel = data.messageModel;
    group.consumeFromWhere = data.consumeFromWhere;
    const { topics, expressions } = replaceSubscriptions(group.subscriptions, data.subscriptions);
    registerFilters(group.filters, data.subscriptions);
    return { sharing: topics || isNew, subscriptions: topics || expressions };
  }

  /**
   * Keeps the fingerprint of a heartbeat in its second form.
   * @returns true when the client should send its subscriptions again
   */
  noteFingerprint(groupName: string, fingerprint: number, withoutSubscriptions: boolean): boolean {
    const group = this.#groups.get(groupName);
    if (group === undefined) return withoutSubscriptions;
    const before = group.fingerprint;
    group.fingerprint = fingerprint;
    return (before !== 0 && before !== fingerprint) || (withoutSubscriptions && group.subscriptions.size === 0);
  }

  /** @returns the group when others of it should be told */
  unregister(groupName: string, connection: Peer): ConsumerGroup | undefined {
    const group = this.#groups.get(groupName);
    if (group?.members.delete(connection) !== true) return undefined;
    if (group.members.size === 0) this.#groups.delete(groupName);
    return group;
  }

  /** Ends every membership of a connection. */
  unregisterAll(connection: Peer): ConsumerGroup[] {
    return [...this.#groups.keys()].flatMap((name) => this.unregister(name, connection) ?? []);
  }

  /** Connections without a heartbeat since `sinceMs`. */
  silentSince(sinceMs: number): Set<Peer> {
    const silent = new Set<Peer>();
    for (const group of this.#groups.values()) {
      for (const [connection, client] of group.members) if (client.lastUpdateMs < sinceMs) silent.add(connection);
    }
    return silent;
  }

  /** Online groups that subscribe to the topic. */
  groupsOf(topic: string): string[] {
    return [...this.#groups.values()].filter((group) => group.subscriptions.has(topic)).map((group) => group.group);
  }
}

/** Adds new topics, takes newer versions, drops topics that are not listed; tells which of it happened. */
function replaceSubscriptions(
  known: Map<string, KnownSubscription>,
  given: readonly Subscription[],
): { readonly topics: boolean; readonly expressions: boolean } {
  let [topics, expressions] = [false, false];
  const listed = new Set<string>();
  for (const subscription of given) {
    listed.add(subscription.topic);
    const before = known.get(subscription.topic);
    if (before !== undefined && before.subVersion >= subscription.subVersion) continue;
    topics ||= before === undefined;
    expressions ||=
      before?.subString !== subscription.subString || before.expressionType !== subscription.expressionType;
    known.set(subscription.topic, { ...subscription, tagFilter: tagFilter(subscription.subString) });
  }
  for (const topic of [...known.keys()]) {
    if (listed.has(topic)) continue;
    known.delete(topic);
    topics = true;
  }
  return { topics, expressions };
}
