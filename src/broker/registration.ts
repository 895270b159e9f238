import { crc32 } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Event } from '../base/emitter.ts';
import { CodedError, errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { decodeKvTable } from '../protocol/bodies/route.ts';
import { encodeRegistration } from '../protocol/bodies/topic.ts';
import type { TopicTable } from '../protocol/bodies/topic.ts';
import { RequestCode, requestCodeName, responseCodeName } from '../protocol/codes.ts';
import { LANGUAGE } from '../protocol/command.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';
import { stringifyFastjson } from '../protocol/fastjson.ts';
import { decodeFields, encodeFields } from '../protocol/fields.ts';
import type { Credentials } from '../protocol/acl.ts';
import { brokerIdentity, registerBroker, registerBrokerResponse } from '../protocol/requests/route.ts';
import type { Connection } from '../remoting/connection.ts';
import { dial } from '../remoting/dial.ts';
import type { ClientTls } from '../remoting/dial.ts';
import type { BrokerConfig } from './config.ts';
import type { Topics } from './state/topics.ts';

/** Apache waits 24 s; a sender waits 3 s for its answer, which comes after the registration of a new topic. */
const TIMEOUT_MS = 2500;
/** How soon a NameServer that could not be reached is tried again. */
const RETRY_MS = 10_000;

export interface RegistrationOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly topics: Topics;
  /** `host:port` of every NameServer. */
  readonly nameServers: readonly string[];
  /** `host:port` as clients reach this broker. */
  readonly address: string;
  readonly haAddress: string;
  /** Signs what the NameServers are told. */
  readonly credentials?: Credentials | undefined;
  /** Speaks TLS to them. */
  readonly tls?: ClientTls | undefined;
}

/** Where the master of a slave is, as far as that is known. */
export interface MasterOf {
  /** `host:port` as clients reach it. */
  readonly masterAddr?: string | undefined;
  /** The same for slaves. */
  readonly haServerAddr?: string | undefined;
}

/** Keeps this broker and its topics known to every NameServer. Source: BrokerOuterAPI.java; broker sheet §3. */
export class Registration implements Disposable {
  readonly #options: RegistrationOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #unreachable = new Set<string>();
  readonly #masters = new Emitter<MasterOf>();
  #master: MasterOf = {};
  #timer: Disposable | undefined;
  #beating: Disposable | undefined;
  #stopped = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /**
   * Registers everything and goes on doing so. The first table is whole, since a NameServer may refuse a first
   * registration of a single topic. @returns how many NameServers took it
   */
  async start(): Promise<number> {
    const accepted = await this.announce();
    this.#plan(RETRY_MS);
    this.#beat();
    return accepted;
  }

  /** Of a slave, as the NameServer that answered last knows it; one that is gone keeps where it served its slaves. */
  get master(): MasterOf {
    return this.#master;
  }

  get onMaster(): Event<MasterOf> {
    return this.#masters.event;
  }

  /** `host:port` at which slaves would connect. */
  get haAddress(): string {
    return this.#options.haAddress;
  }

  /** Tells every NameServer of these topics, or of all. A NameServer that fails is logged. @returns how many took it */
  async announce(topicNames?: readonly string[]): Promise<number> {
    const { topics, nameServers } = this.#options;
    const answers = await Promise.all(
      nameServers.map((address) => {
        // One that does not know this broker yet takes nothing but the whole table.
        const isKnown = this.#connections.get(address)?.isOpen === true;
        const body = encodeRegistration(this.#restricted(topics.table(isKnown ? topicNames : undefined)));
        return this.#tell(address, { code: RequestCode.REGISTER_BROKER, extFields: this.#header(body), body });
      }),
    );
    for (const answer of answers) if (answer !== undefined && answer.body.length > 0) this.#takeOrder(answer.body);
    this.#takeMaster(answers.find((answer) => answer !== undefined));
    return answers.filter((answer) => answer !== undefined).length;
  }

  /** The answer of the first NameServer that gives one; undefined when none can be reached. */
  async ask(parts: RequestParts): Promise<RemotingCommand | undefined> {
    for (const address of this.#options.nameServers) {
      try {
        return await (await this.#connection(address)).request(parts, TIMEOUT_MS);
      } catch (error) {
        this.#options.logger.debug(
          `${requestCodeName(parts.code)} to NameServer ${address} failed: ${errorText(error)}`,
        );
      }
    }
    return undefined;
  }

  /** Takes leave of every NameServer that was reached. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.dispose();
    this.#beating?.dispose();
    const extFields = encodeFields(brokerIdentity, this.#identity());
    await Promise.all(
      [...this.#connections.keys()].map((address) =>
        this.#tell(address, { code: RequestCode.UNREGISTER_BROKER, extFields }),
      ),
    );
    this.dispose();
  }

  dispose(): void {
    this.#stopped = true;
    this.#timer?.dispose();
    this.#beating?.dispose();
    this.#masters.dispose();
    for (const connection of this.#connections.values()) connection.dispose();
    this.#connections.clear();
  }

  /** Where a slave may act for the master, that one is missed after seconds. Source: BrokerController.scheduleSendHeartbeat. */
  #beat(): void {
    const { clock, config, nameServers } = this.#options;
    if (!config.enableSlaveActingMaster) return;
    this.#beating = clock.every(config.brokerHeartbeatInterval, () => {
      const extFields = encodeFields(brokerIdentity, this.#identity());
      for (const address of nameServers) void this.#tell(address, { code: RequestCode.BROKER_HEARTBEAT, extFields });
    });
  }

  #plan(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      void this.#announceRegularly()
        .catch((error: unknown) => this.#options.logger.error(`the registration failed: ${errorText(error)}`))
        .then(() => {
          const allReached = this.#unreachable.size === 0;
          if (!this.#stopped) this.#plan(allReached ? this.#options.config.registerNameServerPeriod : RETRY_MS);
        });
    });
  }

  async #announceRegularly(): Promise<void> {
    if (this.#options.config.forceRegister || (await this.#isNews())) await this.announce();
  }

  /** Does any NameServer know another table than this one? */
  async #isNews(): Promise<boolean> {
    const { topics, nameServers } = this.#options;
    const body = Buffer.from(stringifyFastjson(topics.table().dataVersion));
    const extFields = encodeFields(brokerIdentity, this.#identity());
    const answers = await Promise.all(
      nameServers.map((address) => this.#tell(address, { code: RequestCode.QUERY_DATA_VERSION, extFields, body })),
    );
    return answers.some((answer) => answer?.extFields['changed'] !== 'false');
  }

  /** Source: BrokerController.handleRegisterBrokerResult. */
  #takeMaster(answer: RemotingCommand | undefined): void {
    if (answer === undefined || this.#options.config.brokerId === 0) return;
    const { masterAddr, haServerAddr } = decodeFields(registerBrokerResponse, answer.extFields);
    this.#master = {
      masterAddr: masterAddr === '' ? undefined : masterAddr,
      haServerAddr: haServerAddr === undefined || haServerAddr === '' ? this.#master.haServerAddr : haServerAddr,
    };
    this.#masters.fire(this.#master);
  }

  /** Topics that the NameServer keeps in order are ordered here. Source: TopicConfigManager.java, updateOrderTopicConfig. */
  #takeOrder(body: Buffer): void {
    const { topics, logger } = this.#options;
    for (const topic of this.#orderedTopics(body)) {
      const config = topics.get(topic);
      if (config === undefined || config.order) continue;
      topics.put({ ...config, order: true });
      logger.info(`topic ${topic} is ordered: the NameServer says so`);
    }
  }

  /** None when the answer is no table: what a NameServer says wrongly is no reason for a sender's request to fail. */
  #orderedTopics(body: Buffer): Iterable<string> {
    try {
      return decodeKvTable(body).keys();
    } catch (error) {
      this.#options.logger.warn(`which topics a NameServer keeps in order is not readable: ${errorText(error)}`);
      return [];
    }
  }

  /** @returns the answer, when it is a success */
  async #tell(address: string, parts: RequestParts): Promise<RemotingCommand | undefined> {
    const { logger } = this.#options;
    try {
      const answer = await (await this.#connection(address)).request(parts, TIMEOUT_MS);
      if (answer.code !== 0) throw refused(address, parts.code, answer.code, answer.remark);
      if (this.#unreachable.delete(address)) logger.info(`NameServer ${address} is reached again`);
      return answer;
    } catch (error) {
      const text = `${requestCodeName(parts.code)} to NameServer ${address} failed: ${errorText(error)}`;
      if (this.#unreachable.has(address)) logger.debug(text);
      else logger.warn(text);
      this.#unreachable.add(address);
      return undefined;
    }
  }

  async #connection(address: string): Promise<Connection> {
    const known = this.#connections.get(address);
    if (known?.isOpen === true) return known;
    const { clock, logger, credentials, tls } = this.#options;
    const language = LANGUAGE;
    const connection = await dial(address, { clock, logger, timeoutMs: TIMEOUT_MS, language, credentials, tls });
    const other = this.#connections.get(address);
    if (other?.isOpen === true) {
      connection.dispose();
      return other;
    }
    this.#connections.set(address, connection);
    connection.onClose(() => {
      if (this.#connections.get(address) === connection) this.#connections.delete(address);
    });
    return connection;
  }

  #identity(): { brokerName: string; brokerAddr: string; clusterName: string; brokerId: number } {
    const { config, address } = this.#options;
    return {
      brokerName: config.brokerName,
      brokerAddr: address,
      clusterName: config.brokerClusterName,
      brokerId: config.brokerId,
    };
  }

  #header(body: Buffer): Record<string, string> {
    const { enableSlaveActingMaster, brokerNotActiveTimeoutMillis } = this.#options.config;
    return encodeFields(registerBroker, {
      ...this.#identity(),
      haServerAddr: this.#options.haAddress,
      compressed: false,
      bodyCrc32: crc32(body) & 0x7fffffff,
      enableActingMaster: enableSlaveActingMaster,
      heartbeatTimeoutMillis: enableSlaveActingMaster ? brokerNotActiveTimeoutMillis : undefined,
    });
  }

  /** A broker that may not be read or written takes that from all its topics. */
  #restricted(table: TopicTable): TopicTable {
    const { brokerPermission } = this.#options.config;
    if ((brokerPermission & 6) === 6) return table;
    const topics = new Map(
      [...table.topics].map(([name, config]) => [name, { ...config, perm: config.perm & brokerPermission }] as const),
    );
    return { ...table, topics };
  }
}

function refused(address: string, requestCode: number, code: number, remark: string | undefined): CodedError {
  return new CodedError('response-error', {
    address,
    requestCode,
    responseCode: responseCodeName(code),
    remark: remark ?? '',
  });
}
