import type { ClientTls } from '../remoting/dial.ts';
import { systemClock } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { silentLogger } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';
import type { Credentials } from '../protocol/acl.ts';
import {
  createTopic,
  deleteTopic,
  listBrokers,
  listGroups,
  listQueues,
  listTopics,
  readBrokerDetail,
} from './admin.ts';
import type { ClusterContext } from './clusterContext.ts';
import { ConnectionPool } from './connectionPool.ts';
import { probe } from './doctor.ts';
import { listGroupClients } from './groupClients.ts';
import type { ProbeResult } from './doctor.ts';
import type {
  BrokerDetail,
  BrokerNode,
  GroupClient,
  GroupSummary,
  Listing,
  OutgoingMessage,
  QueueState,
  SendReceipt,
  TopicSpec,
  TopicSummary,
} from './model.ts';
import { NameServers } from './nameServer.ts';
import { Producer } from './producer.ts';
import { TopicTail } from './tail.ts';
import type { Tail, TailOptions } from './tail.ts';
import { uniqueKeys } from './uniqueKeys.ts';

export interface ClusterClientOptions {
  /** `host:port;host:port` */
  readonly nameServers: string;
  /** For one request, connecting included. Default 3000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Signs every request, for clusters that ask who it is. */
  readonly credentials?: Credentials | undefined;
  /** Speaks TLS to all of it. */
  readonly tls?: ClientTls | undefined;
}

/** Asks one cluster. Connects when first asked; every failure is a CodedError. */
export class ClusterClient implements Disposable {
  readonly #context: ClusterContext;
  readonly #producer: Producer;
  readonly #tails = new Set<Tail>();

  /** @throws CodedError `address-invalid` */
  constructor(options: ClusterClientOptions) {
    const { nameServers, timeoutMs = 3000, clock = systemClock, logger = silentLogger, credentials, tls } = options;
    const pool = new ConnectionPool({ connectTimeoutMs: timeoutMs, clock, logger, credentials, tls });
    this.#context = {
      pool,
      nameServers: new NameServers({ nameServers, pool, timeoutMs, clock, logger }),
      timeoutMs,
      clock,
      logger,
    };
    this.#producer = new Producer(this.#context, uniqueKeys(clock));
  }

  brokers(): Promise<readonly BrokerNode[]> {
    return listBrokers(this.#context);
  }

  brokerDetail(address: string): Promise<BrokerDetail> {
    return readBrokerDetail(this.#context, address);
  }

  /** Of one cluster, or of all that the NameServers know. */
  topics(clusterName?: string): Promise<readonly TopicSummary[]> {
    return listTopics(this.#context, clusterName);
  }

  queues(topic: string, clusterName?: string): Promise<Listing<QueueState>> {
    return listQueues(this.#context, topic, clusterName);
  }

  groups(clusterName?: string): Promise<Listing<GroupSummary>> {
    return listGroups(this.#context, clusterName);
  }

  /** Who of a group is online, by whichever protocol. */
  groupClients(group: string, clusterName?: string): Promise<Listing<GroupClient>> {
    return listGroupClients(this.#context, group, clusterName);
  }

  createTopic(clusterName: string, spec: TopicSpec): Promise<void> {
    return createTopic(this.#context, clusterName, spec);
  }

  deleteTopic(clusterName: string, topic: string): Promise<void> {
    return deleteTopic(this.#context, clusterName, topic);
  }

  send(message: OutgoingMessage): Promise<SendReceipt> {
    return this.#producer.send(message);
  }

  /** Reads along until the tail, or this client, is disposed. */
  tail(topic: string, options?: TailOptions): Tail {
    const tail: Tail = new TopicTail(this.#context, topic, options, () => this.#tails.delete(tail));
    this.#tails.add(tail);
    return tail;
  }

  probe(): Promise<ProbeResult> {
    return probe(this.#context);
  }

  dispose(): void {
    for (const tail of [...this.#tails]) tail.dispose();
    this.#context.pool.dispose();
  }
}
