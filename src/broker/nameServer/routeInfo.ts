import type { DataVersion } from '../../protocol/bodies/dataVersion.ts';
import { sameDataVersion } from '../../protocol/bodies/dataVersion.ts';
import type { BrokerData, ClusterInfo, QueueData, TopicRoute } from '../../protocol/bodies/route.ts';
import type { TopicTable } from '../../protocol/bodies/topic.ts';
import { withActingMasters } from './actingMaster.ts';
import { TopicQueues } from './topicQueues.ts';

/** A broker that registers without saying for how long. */
const TIMEOUT_MS = 120_000;

/** What names a broker in every request of its. */
export interface BrokerIdentity {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerAddr: string;
  readonly brokerId: number;
}

export interface BrokerRegistration extends BrokerIdentity {
  readonly haServerAddr: string;
  readonly heartbeatTimeoutMillis?: number | undefined;
  /** Undefined from brokers before 5.0. */
  readonly enableActingMaster?: boolean | undefined;
  readonly zoneName?: string | undefined;
  readonly table: TopicTable;
  /** Whose end removes the broker: its connection. */
  readonly owner: object;
}

interface LiveBroker {
  readonly identity: BrokerIdentity;
  readonly owner: object;
  readonly timeoutMs: number;
  readonly haServerAddr: string;
  lastUpdateMs: number;
  dataVersion: DataVersion | undefined;
}

interface BrokerEntry {
  readonly cluster: string;
  readonly addresses: Map<number, string>;
  enableActingMaster: boolean;
  zoneName: string | undefined;
}

export interface RouteRules {
  /** A slave of a group whose master is gone is shown in its place. */
  readonly supportActingMaster: boolean;
  /** A broker's table names all its topics: those that it leaves out are gone. */
  readonly deleteTopicWithBrokerRegistration: boolean;
}

/** What a slave learns when it registers. */
export interface MasterOf {
  readonly masterAddr?: string;
  readonly haServerAddr?: string;
}

/**
 * Which broker has which topic: the NameServer's state, without a socket. Times in ms since the epoch.
 * Source: RouteInfoManager.java; broker sheet §1.
 */
export class RouteInfo {
  readonly #topics = new TopicQueues();
  readonly #brokers = new Map<string, BrokerEntry>();
  /** cluster → brokerNames */
  readonly #clusters = new Map<string, Set<string>>();
  readonly #live = new Map<string, LiveBroker>();
  readonly #rules: RouteRules;

  constructor(rules: RouteRules) {
    this.#rules = rules;
  }

  /**
   * Merges the table into what is known: brokers send single topics as well as all of them. A broker whose id is held
   * by another with newer state changes nothing, and is not told.
   */
  register(registration: BrokerRegistration, nowMs: number): MasterOf {
    const { clusterName, brokerName, brokerAddr, brokerId, table } = registration;
    const entry = this.#entryOf(registration);
    const { addresses } = entry;
    // An address has one id: a slave that became master leaves its old one.
    for (const [id, address] of addresses) if (address === brokerAddr && id !== brokerId) addresses.delete(id);
    const before = addresses.get(brokerId);
    if (before !== undefined && before !== brokerAddr && this.#isNewer(clusterName, before, table.dataVersion)) {
      this.#live.delete(liveKey(clusterName, brokerAddr));
      return {};
    }
    const known = this.#live.get(liveKey(clusterName, brokerAddr));
    const changed = before === undefined || !sameDataVersion(known?.dataVersion, table.dataVersion);
    addresses.set(brokerId, brokerAddr);
    entry.enableActingMaster = registration.enableActingMaster === true;
    entry.zoneName = registration.zoneName;
    const isPrimeSlave =
      registration.enableActingMaster !== undefined && brokerId !== 0 && brokerId === Math.min(...addresses.keys());
    if (brokerId === 0 || isPrimeSlave) {
      const isWhole = this.#rules.deleteTopicWithBrokerRegistration && table.mappings === undefined;
      this.#topics.merge(brokerName, table, {
        changed,
        withoutWrite: isPrimeSlave && entry.enableActingMaster,
        isWhole,
      });
    }
    this.#live.set(liveKey(clusterName, brokerAddr), {
      identity: { clusterName, brokerName, brokerAddr, brokerId },
      owner: registration.owner,
      timeoutMs: registration.heartbeatTimeoutMillis ?? TIMEOUT_MS,
      haServerAddr: registration.haServerAddr,
      lastUpdateMs: nowMs,
      dataVersion: table.dataVersion,
    });
    return brokerId === 0 ? {} : this.#masterOf(clusterName, addresses.get(0));
  }

  unregister({ clusterName, brokerName, brokerAddr }: Omit<BrokerIdentity, 'brokerId'>): void {
    this.#live.delete(liveKey(clusterName, brokerAddr));
    const entry = this.#brokers.get(brokerName);
    if (entry === undefined) return;
    for (const [id, address] of entry.addresses) if (address === brokerAddr) entry.addresses.delete(id);
    if (entry.addresses.size > 0) {
      // Slaves take no writes, also where one stands in for the master.
      if (entry.enableActingMaster && !entry.addresses.has(0)) this.setWritable(brokerName, false);
      return;
    }
    this.#brokers.delete(brokerName);
    const names = this.#clusters.get(entry.cluster);
    names?.delete(brokerName);
    if (names?.size === 0) this.#clusters.delete(entry.cluster);
    this.#topics.deleteBroker(brokerName);
  }

  /** Removes the brokers that registered through `owner`. @returns who they were */
  ownerGone(owner: object): BrokerIdentity[] {
    const gone = [...this.#live.values()].filter((broker) => broker.owner === owner).map(({ identity }) => identity);
    for (const identity of gone) this.unregister(identity);
    return gone;
  }

  /** Removes the brokers that were silent for longer than their timeout. @returns who they were, and their owners */
  expire(nowMs: number): { readonly identity: BrokerIdentity; readonly owner: object }[] {
    const silent = [...this.#live.values()].filter((broker) => broker.lastUpdateMs + broker.timeoutMs < nowMs);
    for (const { identity } of silent) this.unregister(identity);
    return silent;
  }

  /** Queues of brokers that are here, told by somebody else than them. */
  registerTopic(topic: string, queues: readonly QueueData[]): void {
    if (!queues.every(({ brokerName }) => this.#brokers.has(brokerName))) return;
    this.#topics.put(topic, queues);
  }

  /** Addresses of the master and slaves of one name. */
  membersOf(brokerName: string): ReadonlyMap<number, string> {
    return this.#brokers.get(brokerName)?.addresses ?? new Map<number, string>();
  }

  /** A sign of life. @returns the version of the broker's topics that is known here */
  refresh(
    { clusterName, brokerAddr }: Pick<BrokerIdentity, 'clusterName' | 'brokerAddr'>,
    nowMs: number,
  ): DataVersion | undefined {
    const broker = this.#live.get(liveKey(clusterName, brokerAddr));
    if (broker !== undefined) broker.lastUpdateMs = nowMs;
    return broker?.dataVersion;
  }

  /** Undefined when no broker that is here has the topic. */
  route(topic: string): TopicRoute | undefined {
    const queues = this.#topics.of(topic);
    const brokers = queues.flatMap(({ brokerName }) => this.#brokerData(brokerName) ?? []);
    if (brokers.length === 0) return undefined;
    const route = { brokers, queues, orderTopicConf: undefined, mappings: this.#topics.mappingsOf(topic) };
    return this.#rules.supportActingMaster ? withActingMasters(topic, route) : route;
  }

  clusterInfo(): ClusterInfo {
    return {
      brokers: [...this.#brokers.keys()].flatMap((name) => this.#brokerData(name) ?? []),
      clusters: new Map([...this.#clusters].map(([cluster, names]) => [cluster, [...names]])),
    };
  }

  topics(): string[] {
    return this.#topics.topics();
  }

  topicsOfCluster(cluster: string): string[] {
    const names = this.#clusters.get(cluster) ?? new Set();
    return this.#topics.topicsWhere((queues) => [...queues.keys()].some((name) => names.has(name)));
  }

  /** Topics whose topicSysFlag passes the test, for the lists of units. */
  topicsByFlag(test: (topicSysFlag: number) => boolean): string[] {
    return this.#topics.topicsWhere((queues) => {
      const [first] = queues.values();
      return first !== undefined && test(first.topicSysFlag);
    });
  }

  /** Names of clusters and brokers, which are topics as well, and the address of some broker. */
  systemTopics(): { readonly topics: string[]; readonly brokerAddr: string | undefined } {
    const [firstBroker] = this.#brokers.values();
    const [brokerAddr] = firstBroker?.addresses.values() ?? [];
    return { topics: [...this.#clusters.keys(), ...this.#brokers.keys()], brokerAddr };
  }

  /** With a cluster only its brokers lose the topic. A broker that still owns it brings it back. */
  deleteTopic(topic: string, cluster: string | undefined): void {
    this.#topics.delete(topic, cluster === undefined ? undefined : (this.#clusters.get(cluster) ?? []));
  }

  /** Takes the write permission of a broker from all its topics, or gives it back. @returns how many topics */
  setWritable(brokerName: string, isWritable: boolean): number {
    return this.#topics.setWritable(brokerName, isWritable);
  }

  #entryOf({ clusterName, brokerName }: BrokerIdentity): BrokerEntry {
    let names = this.#clusters.get(clusterName);
    if (names === undefined) this.#clusters.set(clusterName, (names = new Set<string>()));
    names.add(brokerName);
    let entry = this.#brokers.get(brokerName);
    if (entry === undefined) {
      entry = { cluster: clusterName, addresses: new Map(), enableActingMaster: false, zoneName: undefined };
      this.#brokers.set(brokerName, entry);
    }
    return entry;
  }

  #isNewer(clusterName: string, address: string, version: DataVersion | undefined): boolean {
    const known = this.#live.get(liveKey(clusterName, address))?.dataVersion;
    return known !== undefined && known.stateVersion > (version?.stateVersion ?? 0);
  }

  #masterOf(clusterName: string, masterAddr: string | undefined): MasterOf {
    const master = masterAddr === undefined ? undefined : this.#live.get(liveKey(clusterName, masterAddr));
    if (masterAddr === undefined || master === undefined) return {};
    return { masterAddr, haServerAddr: master.haServerAddr };
  }

  #brokerData(brokerName: string): BrokerData | undefined {
    const entry = this.#brokers.get(brokerName);
    if (entry === undefined || entry.addresses.size === 0) return undefined;
    const { cluster, addresses, enableActingMaster, zoneName } = entry;
    return { brokerName, cluster, brokerAddrs: new Map(addresses), enableActingMaster, zoneName };
  }
}

function liveKey(clusterName: string, address: string): string {
  return `${clusterName}@${address}`;
}
