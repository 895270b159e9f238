import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { ClusterClient } from '../src/client/clusterClient.ts';
import type { Connection } from '../src/remoting/connection.ts';
import { dial } from '../src/remoting/dial.ts';
import { startApacheRocketmq } from '../test/support/apacheRocketmq.ts';
import { startLocalBroker } from '../test/support/localBroker.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export type Side = 'ours' | 'apache';

/** Ours first, then the other way round: who comes second finds the machine otherwise. */
export function sidesOf(run: number): readonly Side[] {
  return run % 2 === 0 ? ['ours', 'apache'] : ['apache', 'ours'];
}

/** A broker with its NameServer. */
export interface Backend {
  readonly side: Side;
  readonly nameServer: string;
  /** `host:port` of the broker. */
  readonly address: string;
  readonly brokerPid: number;
  /** Of the broker and the NameServer, which may be one process. */
  readonly pids: readonly number[];
  /** `host:port` for gRPC clients; empty where it was not asked for. */
  readonly grpc: string;
  stop(): Promise<void>;
}

export type BrokerSettings = Readonly<Record<string, string | number | boolean>>;

/**
 * @param settings more lines of broker.conf
 * @param withGrpc with an endpoint for gRPC clients, in the same process: Apache's proxy in its local mode
 */
export async function startBackend(side: Side, settings: BrokerSettings = {}, withGrpc = false): Promise<Backend> {
  if (side === 'apache') {
    const apache = await startApacheRocketmq({ measured: true, brokerConfig: settings, proxyInBroker: withGrpc });
    const { nameServer, brokerPid, brokerAddress, nameServerPid, grpc = '' } = apache;
    const pids = [brokerPid, nameServerPid];
    return { side, nameServer, address: brokerAddress, brokerPid, pids, grpc, stop: () => apache.stop() };
  }
  const dir = makeTempDir('bench');
  const config = path.join(dir.path, 'broker.conf');
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(config, lines.join(''));
  const broker = await startLocalBroker('-c', config, ...(withGrpc ? ['--grpc-port', '0'] : []));
  const { namesrv: nameServer, pid } = broker;
  return {
    side,
    nameServer,
    address: broker.broker,
    brokerPid: pid,
    pids: [pid],
    grpc: broker.grpc ?? '',
    stop: async () => {
      await broker.stop();
      dir.remove();
    },
  };
}

export const BENCH_TOPIC = 'Bench';

/** A client of the backend, with a topic to work on. */
export async function benchClient(nameServer: string, queues = 1): Promise<ClusterClient> {
  const client = new ClusterClient({ nameServers: nameServer, timeoutMs: 10_000 });
  await createTopic(client, BENCH_TOPIC, queues);
  return client;
}

export async function createTopic(client: ClusterClient, topic: string, queues: number): Promise<void> {
  const [broker] = await client.brokers();
  if (broker === undefined) throw new Error('no broker is registered');
  const messageType = 'NORMAL';
  await client.createTopic(broker.clusterName, {
    topic,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: 6,
    messageType,
  });
}

export function connect(address: string): Promise<Connection> {
  return dial(address, { clock: systemClock, logger: silentLogger });
}

/** Messages that the topic ever got. */
export async function storedIn(client: ClusterClient, topic: string): Promise<number> {
  const { items } = await client.queues(topic);
  return items.reduce((sum, { maxOffset }) => sum + maxOffset, 0);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
