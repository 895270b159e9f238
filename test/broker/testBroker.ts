import { silentLogger } from '../../src/base/logger.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { BrokerConfig, NameServerConfig } from '../../src/broker/config.ts';
import type { ControlAccess } from '../../src/broker/control.ts';
import { startControlled } from '../../src/broker/control/startControlled.ts';
import type { Controlled, ControlledParts } from '../../src/broker/control/startControlled.ts';
import { startGrpcEndpoint } from '../../src/broker/grpc/endpoint.ts';
import { brokerPorts } from '../../src/broker/roles.ts';
import { startRuntime } from '../../src/broker/runtime.ts';
import type { Runtime } from '../../src/broker/runtime.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../../src/protocol/command.ts';
import { decodeMessage } from '../../src/protocol/message.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { encodeProperties } from '../../src/protocol/messageProperty.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { RequestHandler } from '../../src/remoting/peer.ts';
import { startListening } from '../../src/remoting/startListening.ts';
import { dial } from '../../src/remoting/dial.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { quietDisk } from '../support/quietDisk.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';

export interface TestBrokerOptions {
  readonly broker?: Partial<BrokerConfig>;
  readonly nameServer?: Partial<NameServerConfig>;
  /** Kept by the caller, to start again on the same store. */
  readonly directory?: string;
  /** With the control interface. */
  readonly controlled?: boolean;
  /** Listens two below its port as well. Default: where `listenPort` is given. */
  readonly hasVip?: boolean;
  /** When the clock stands. */
  readonly nowMs?: number;
}

/** A NameServer and broker on free ports, with a clock that stands still, and connections to them. */
export class TestBroker {
  readonly clock: FakeClock;
  readonly runtime: Runtime;
  readonly client: Connection;
  readonly nameServerClient: Connection;
  readonly #controlled: Controlled | undefined;
  readonly #directory: TempDir | undefined;
  readonly #connections: Connection[] = [];
  #stopped = false;

  private constructor(parts: {
    clock: FakeClock;
    runtime: Runtime;
    controlled: Controlled | undefined;
    client: Connection;
    nameServerClient: Connection;
    directory: TempDir | undefined;
  }) {
    this.clock = parts.clock;
    this.runtime = parts.runtime;
    this.#controlled = parts.controlled;
    this.client = parts.client;
    this.nameServerClient = parts.nameServerClient;
    this.#directory = parts.directory;
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    // What a timer does with the files is over before the next one is due.
    const clock = new FakeClock(options.nowMs, quietDisk);
    const directory = options.directory === undefined ? makeTempDir('broker') : undefined;
    const storeDirectory = options.directory ?? directory?.path ?? '';
    const start = (parts?: ControlledParts): Promise<Runtime> =>
      startRuntime({
        broker: {
          mappedFileSizeCommitLog: 1024 * 1024,
          ...options.broker,
          listenPort: options.broker?.listenPort ?? 0,
          ...(parts?.ports && brokerPorts(parts.ports)),
        },
        nameServer: {
          ...options.nameServer,
          listenPort: parts?.ports?.nameServer ?? options.nameServer?.listenPort ?? 0,
        },
        grpc: { load: () => Promise.resolve(startGrpcEndpoint) },
        storeDirectory,
        clock,
        logger: silentLogger,
        hasVip: parts?.ports?.hasVip ?? options.hasVip ?? options.broker?.listenPort !== undefined,
        ...parts,
      });
    const controlled =
      options.controlled === true
        ? await startControlled({
            port: 0,
            storeDirectory,
            listen: startListening,
            clock,
            logger: silentLogger,
            faultsChanged: () => undefined,
            start,
          })
        : undefined;
    const runtime = controlled?.runtime ?? (await start());
    const client = await connect(runtime.broker.address);
    const nameServerClient = await connect(runtime.nameServerAddress);
    return new TestBroker({ clock, runtime, controlled, client, nameServerClient, directory });
  }

  get context(): Runtime['broker']['context'] {
    return this.runtime.broker.context;
  }

  /** Of the control interface. */
  get access(): ControlAccess {
    if (this.#controlled === undefined) throw new Error('this broker was started without the control interface');
    return this.#controlled.access;
  }

  /** Asks the control interface. */
  async control(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const { url, token } = this.access;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  }

  /** Another client of the broker; closed with the rest. */
  async connect(handle?: RequestHandler): Promise<Connection> {
    const connection = await connect(this.runtime.broker.address, handle);
    this.#connections.push(connection);
    return connection;
  }

  ask(code: number, extFields: Record<string, string> = {}, body?: Buffer | object): Promise<RemotingCommand> {
    return ask(this.client, code, extFields, body);
  }

  askNameServer(
    code: number,
    extFields: Record<string, string> = {},
    body?: Buffer | object,
  ): Promise<RemotingCommand> {
    return ask(this.nameServerClient, code, extFields, body);
  }

  async createTopic(topic: string, queues = 4, more: Record<string, string> = {}): Promise<RemotingCommand> {
    return this.ask(RequestCode.UPDATE_AND_CREATE_TOPIC, {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: String(queues),
      writeQueueNums: String(queues),
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      order: 'false',
      ...more,
    });
  }

  send(topic: string, body: string | Buffer, more: SendParts = {}): Promise<RemotingCommand> {
    return this.client.request(sendRequest(topic, body, more), TIMEOUT_MS);
  }

  /** What a queue holds from an offset on, whoever subscribed; as many pulls as that takes. */
  async read(topic: string, queueId = 0, offset = 0): Promise<StoredMessage[]> {
    const found: StoredMessage[] = [];
    for (let queueOffset = offset; ;) {
      const answer = await this.client.request(pullRequest({ topic, queueId, queueOffset }), TIMEOUT_MS);
      if (answer.code !== ResponseCode.SUCCESS) return found;
      found.push(...records(answer.body));
      queueOffset = Number(answer.extFields['nextBeginOffset']);
    }
  }

  heartbeat(connection: Connection, beat: object): Promise<RemotingCommand> {
    return ask(connection, RequestCode.HEART_BEAT, {}, beat);
  }

  /** Stops everything; the store directory is removed when it was made here. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const connection of [this.client, this.nameServerClient, ...this.#connections]) connection.dispose();
    await (this.#controlled ?? this.runtime).stop();
    this.#directory?.remove();
  }
}

export interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

export const TIMEOUT_MS = 15_000;

export function connect(address: string, handle?: RequestHandler): Promise<Connection> {
  return dial(address, { clock: systemClock, logger: silentLogger, handle, timeoutMs: TIMEOUT_MS });
}

export function ask(
  connection: Connection,
  code: number,
  extFields: Record<string, string> = {},
  body?: Buffer | object,
): Promise<RemotingCommand> {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return connection.request({ code, extFields, ...(bytes === undefined ? {} : { body: bytes }) }, TIMEOUT_MS);
}

export interface SendParts {
  readonly queueId?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly header?: Readonly<Record<string, string>>;
  readonly code?: number;
}

/** A send in the letters of SEND_MESSAGE_V2. */
export function sendRequest(topic: string, body: string | Buffer, more: SendParts = {}): RequestParts {
  return {
    code: more.code ?? RequestCode.SEND_MESSAGE_V2,
    extFields: {
      a: 'TestProducer',
      b: topic,
      c: 'TBW102',
      d: '4',
      e: String(more.queueId ?? 0),
      f: '0',
      g: '1700000000000',
      h: '0',
      i: encodeProperties(Object.entries(more.properties ?? { UNIQ_KEY: '0A' })),
      j: '0',
      k: 'false',
      m: 'false',
      ...more.header,
    },
    body: Buffer.from(body),
  };
}

export interface PullParts {
  readonly topic: string;
  readonly queueId?: number;
  readonly queueOffset?: number;
  readonly group?: string;
  /** Default: the subscription is in the header. */
  readonly sysFlag?: number;
  readonly header?: Readonly<Record<string, string>>;
}

export function pullRequest(parts: PullParts): RequestParts {
  return {
    code: RequestCode.PULL_MESSAGE,
    extFields: {
      consumerGroup: parts.group ?? 'TestReader',
      topic: parts.topic,
      queueId: String(parts.queueId ?? 0),
      queueOffset: String(parts.queueOffset ?? 0),
      maxMsgNums: '32',
      sysFlag: String(parts.sysFlag ?? PullSysFlag.SUBSCRIPTION),
      commitOffset: '0',
      suspendTimeoutMillis: '15000',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
      ...parts.header,
    },
  };
}

/** A push consumer's heartbeat for one group. */
export function consumerBeat(
  clientId: string,
  group: string,
  topics: Readonly<Record<string, string>>,
  more: { readonly messageModel?: string; readonly subVersion?: number; readonly expressionType?: string } = {},
): object {
  const subscription = ([topic, subString]: [string, string]): object => ({
    classFilterMode: false,
    codeSet: [],
    expressionType: more.expressionType ?? 'TAG',
    subString,
    subVersion: more.subVersion ?? 1,
    tagsSet: [],
    topic,
  });
  return {
    clientID: clientId,
    consumerDataSet: [
      {
        consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
        consumeType: 'CONSUME_PASSIVELY',
        groupName: group,
        messageModel: more.messageModel ?? 'CLUSTERING',
        subscriptionDataSet: Object.entries({ ...topics, [`%RETRY%${group}`]: '*' }).map(subscription),
        unitMode: false,
      },
    ],
    heartbeatFingerprint: 0,
    producerDataSet: [{ groupName: 'CLIENT_INNER_PRODUCER' }],
    withoutSub: false,
  };
}

export function records(body: Buffer): StoredMessage[] {
  const found: StoredMessage[] = [];
  for (let at = 0; at < body.length; at += found.at(-1)?.sizeBytes ?? body.length) found.push(decodeMessage(body, at));
  return found;
}
