import type { Clock } from '../base/clock.ts';
import { CodedError, errorText, isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { decodeClusterInfo, decodeTopicList, decodeTopicRoute } from '../protocol/bodies/route.ts';
import type { ClusterInfo, TopicRoute } from '../protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';
import { encodeFields } from '../protocol/fields.ts';
import { getRoute, topicsByCluster } from '../protocol/requests/route.ts';
import { deleteTopicInNameServer } from '../protocol/requests/topic.ts';
import { formatAddress } from '../remoting/address.ts';
import { parseNameServers } from '../remoting/nameServerList.ts';
import { responseError } from './connectionPool.ts';
import type { ConnectionPool } from './connectionPool.ts';

/**
 * The NameServers of one cluster. They know nothing of each other, so any that answers will do: one that does not is
 * passed over, and the last that answered is asked first.
 */
export class NameServers {
  readonly addresses: readonly string[];
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #first = 0;

  /** @throws CodedError `address-invalid` */
  constructor(options: {
    readonly nameServers: string;
    readonly pool: ConnectionPool;
    /** For one NameServer. */
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.addresses = parseNameServers(options.nameServers).map(formatAddress);
    this.#pool = options.pool;
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /**
   * Ends within `timeoutMs`, when given, however many NameServers are passed over.
   * @throws CodedError `topic-not-found` when no NameServer knows the topic
   */
  async route(topic: string, timeoutMs?: number): Promise<TopicRoute> {
    const extFields = encodeFields(getRoute, { topic, acceptStandardJsonOnly: true });
    const answer = await this.#ask({ code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields }, timeoutMs);
    if (answer.code === ResponseCode.TOPIC_NOT_EXIST) throw new CodedError('topic-not-found', { topic });
    return decodeTopicRoute(answer.body);
  }

  async clusterInfo(): Promise<ClusterInfo> {
    return decodeClusterInfo((await this.#ask({ code: RequestCode.GET_BROKER_CLUSTER_INFO })).body);
  }

  /** Names of all topics, or of those that brokers of one cluster hold. */
  async topics(clusterName?: string): Promise<readonly string[]> {
    const parts =
      clusterName === undefined
        ? { code: RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER }
        : {
            code: RequestCode.GET_TOPICS_BY_CLUSTER,
            extFields: encodeFields(topicsByCluster, { cluster: clusterName }),
          };
    return decodeTopicList((await this.#ask(parts)).body).topics;
  }

  /** Takes the topic of the cluster from every NameServer that answers; fails when none does. */
  async deleteTopic(topic: string, clusterName: string): Promise<void> {
    const parts = {
      code: RequestCode.DELETE_TOPIC_IN_NAMESRV,
      extFields: encodeFields(deleteTopicInNameServer, { topic, clusterName }),
    };
    const outcomes = await Promise.allSettled(
      this.addresses.map((address) => this.#pool.call(address, parts, { timeoutMs: this.#timeoutMs })),
    );
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failures) this.#logger.warn(`topic ${topic} stays on a NameServer: ${errorText(reason)}`);
    if (failures.length === outcomes.length) throw failures[0]?.reason;
  }

  /** An answer of code 0, or of 17 when every NameServer that can be reached says so. */
  async #ask(parts: RequestParts, allTimeoutMs = Infinity): Promise<RemotingCommand> {
    const deadlineMs = this.#clock.now() + allTimeoutMs;
    let unknownTopic: RemotingCommand | undefined;
    let failure: unknown;
    for (let attempt = 0; attempt < this.addresses.length; attempt += 1) {
      const index = (this.#first + attempt) % this.addresses.length;
      const address = this.addresses[index];
      if (address === undefined) break;
      // One that is silent leaves the others their share.
      const shareMs = Math.floor((deadlineMs - this.#clock.now()) / (this.addresses.length - attempt));
      const timeoutMs = Math.max(1, Math.min(this.#timeoutMs, shareMs));
      try {
        const answer = await this.#pool.request(address, parts, { timeoutMs });
        if (answer.code === ResponseCode.SUCCESS) {
          this.#first = index;
          return answer;
        }
        // One that started a moment ago may not know yet what another knows.
        if (answer.code === ResponseCode.TOPIC_NOT_EXIST) unknownTopic = answer;
        else failure ??= responseError(address, parts.code, answer);
      } catch (error) {
        if (isCodedError(error, 'cancelled')) throw error;
        this.#logger.warn(`NameServer ${address} is passed over: ${errorText(error)}`);
        failure ??= error;
      }
    }
    if (unknownTopic !== undefined) return unknownTopic;
    throw failure;
  }
}
