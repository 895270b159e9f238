import { systemClock } from '../../src/base/clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { ClusterContext } from '../../src/client/clusterContext.ts';
import { ConnectionPool } from '../../src/client/connectionPool.ts';
import { NameServers } from '../../src/client/nameServer.ts';
import { encodeClusterInfo, encodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import type { BrokerData, QueueData } from '../../src/protocol/bodies/route.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { encodeFields } from '../../src/protocol/fields.ts';
import { parseHostAddress } from '../../src/protocol/hostAddress.ts';
import { encodeMessage } from '../../src/protocol/message.ts';
import { encodeProperties } from '../../src/protocol/messageProperty.ts';
import { pullMessageResponse } from '../../src/protocol/requests/pull.ts';
import type { Reply, RequestHandler } from '../../src/remoting/peer.ts';
import { notSupported } from '../../src/remoting/notSupported.ts';
import { listen } from '../../src/remoting/server.ts';
import type { RemotingServer } from '../../src/remoting/server.ts';

/** A peer that answers each request code as a test says; codes it was not told get 3. Its `answers` may be changed. */
export interface ScriptedServer {
  readonly address: string;
  readonly server: RemotingServer;
  readonly answers: Map<number, RequestHandler>;
  /** All requests, in the order in which they came. */
  readonly requests: readonly RemotingCommand[];
  requestsOf(code: number): readonly RemotingCommand[];
  close(): Promise<void>;
}

export async function startScripted(
  answers: Readonly<Record<number, RequestHandler>> = {},
  port = 0,
): Promise<ScriptedServer> {
  const table = new Map(Object.entries(answers).map(([code, handler]) => [Number(code), handler]));
  const requests: RemotingCommand[] = [];
  const server = await listen({
    host: '127.0.0.1',
    port,
    clock: systemClock,
    logger: silentLogger,
    handle: (incoming) => {
      requests.push(incoming.command);
      return (table.get(incoming.command.code) ?? notSupported)(incoming);
    },
  });
  return {
    address: server.address,
    server,
    answers: table,
    requests,
    requestsOf: (code) => requests.filter((command) => command.code === code),
    close: () => server.close(),
  };
}

/** Answers of a NameServer that knows these brokers and, for any topic, these queues. */
export function nameServerAnswers(
  brokers: readonly BrokerData[],
  queues: readonly QueueData[] = [],
): Record<number, RequestHandler> {
  return {
    [RequestCode.GET_ROUTEINFO_BY_TOPIC]: () => ({
      code: 0,
      body: encodeTopicRoute({ brokers, queues, orderTopicConf: undefined }, true),
    }),
    [RequestCode.GET_BROKER_CLUSTER_INFO]: () => ({
      code: 0,
      body: encodeClusterInfo({
        brokers,
        clusters: new Map(brokers.map(({ cluster, brokerName }) => [cluster, [brokerName]])),
      }),
    }),
  };
}

/** A broker group; `addresses[0]` is the master's, undefined where there is none. */
export function brokerData(brokerName: string, ...addresses: readonly (string | undefined)[]): BrokerData {
  const brokerAddrs = new Map<number, string>();
  for (const [id, address] of addresses.entries()) if (address !== undefined) brokerAddrs.set(id, address);
  return { cluster: 'DefaultCluster', brokerName, brokerAddrs, enableActingMaster: false };
}

export function queueData(brokerName: string, queueNums: number, perm = 6): QueueData {
  return { brokerName, readQueueNums: queueNums, writeQueueNums: queueNums, perm, topicSysFlag: 0 };
}

export function contextOf(nameServers: string, clock: Clock = systemClock, timeoutMs = 15_000): ClusterContext {
  const pool = new ConnectionPool({ connectTimeoutMs: timeoutMs, clock, logger: silentLogger });
  return {
    pool,
    nameServers: new NameServers({ nameServers, pool, timeoutMs, clock, logger: silentLogger }),
    timeoutMs,
    clock,
    logger: silentLogger,
  };
}

/** A record as a broker stores it, with its offset as body unless told otherwise. */
export function record(
  topic: string,
  queueId: number,
  queueOffset: number,
  {
    body = Buffer.from(String(queueOffset)),
    sysFlag = 0,
    properties = [] as readonly (readonly [string, string])[],
  } = {},
): Buffer {
  return encodeMessage({
    queueId,
    flag: 0,
    queueOffset,
    physicalOffset: 1000 + queueOffset,
    sysFlag,
    bornTimestamp: 1_700_000_000_000,
    bornHost: parseHostAddress('10.0.0.1:50000'),
    storeTimestamp: 1_700_000_000_001,
    storeHost: parseHostAddress('127.0.0.1:10911'),
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body,
    topic,
    properties: encodeProperties(properties),
  });
}

export function pullReply(
  code: number,
  offsets: { readonly next: number; readonly min?: number; readonly max?: number },
  records: readonly Buffer[] = [],
): Reply {
  return {
    code,
    extFields: encodeFields(pullMessageResponse, {
      suggestWhichBrokerId: 0,
      nextBeginOffset: offsets.next,
      minOffset: offsets.min ?? 0,
      maxOffset: offsets.max ?? offsets.next,
    }),
    body: records,
  };
}
