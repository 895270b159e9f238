import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, prepareCluster } from '../src/broker/cluster/prepareCluster.ts';
import type { PlacedNode } from '../src/broker/cluster/clusterDirectory.ts';
import type { ClusterMode } from '../src/broker/control.ts';
import type { ClusterClient } from '../src/client/clusterClient.ts';
import { startJava } from '../test/support/apache/java.ts';
import { startLocalCluster } from '../test/support/localCluster.ts';
import type { RunningProcess } from '../test/support/runningProcess.ts';
import { startWish } from '../test/support/startWish.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { waitFor } from '../test/support/waitFor.ts';
import { BENCH_TOPIC, benchClient } from './backend.ts';
import type { Side } from './backend.ts';

const START_TIMEOUT_MS = 120_000;
const JVM_ARGS = ['-Xms256m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'];
const TOPICS = path.join('config', 'topics.json');

export interface BenchCluster {
  readonly nameServer: string;
  readonly client: ClusterClient;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly address: string;
    readonly pid: number;
  }[];
  stop(): Promise<void>;
}

/** A cluster with one NameServer and the topic of the benchmarks, which every broker knows. */
export function startBenchCluster(side: Side, mode: ClusterMode, queues: number): Promise<BenchCluster> {
  return side === 'ours' ? startOurs(mode, queues) : startApaches(mode, queues);
}

async function startOurs(mode: ClusterMode, queues: number): Promise<BenchCluster> {
  const place = makeTempDir('bench-cluster');
  const args = ['--mode', mode, '--namesrvs', '1'];
  const cluster = await startLocalCluster(path.join(place.path, 'cluster'), args);
  const { ready } = cluster;
  const client = await benchClient(ready.namesrv, queues);
  return {
    nameServer: ready.namesrv,
    client,
    nodes: ready.nodes,
    stop: async () => {
      client.dispose();
      await cluster.stop();
      place.remove();
    },
  };
}

/** Apache's programs with the configuration files that ours wrote. */
async function startApaches(mode: ClusterMode, queues: number): Promise<BenchCluster> {
  const place = makeTempDir('bench-cluster');
  const started: RunningProcess[] = [];
  const directory = path.join(place.path, 'cluster');
  makeDirectory(directory);
  const { nodes } = await prepareCluster(directory, { ...startWish(mode, directory), nameServers: 1 });
  const startAll = async (role: string): Promise<void> => {
    for (const node of nodes.filter((found) => found.role === role)) started.push(await startApacheNode(node));
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((process) => process.stop()));
    place.remove();
  };
  try {
    await startAll('namesrv');
    await startAll('master');
    const nameServer = nodes[0]?.address ?? '';
    const client = await benchClient(nameServer, queues);
    await giveTopics(nodes);
    await startAll('slave');
    return {
      nameServer,
      client,
      nodes: nodes.map(({ name, role, address }, at) => ({ name, role, address, pid: started[at]?.pid ?? 0 })),
      stop: async () => {
        client.dispose();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Apache's slave asks its master for topics after a minute: it is given the file that it would write then. */
async function giveTopics(nodes: readonly PlacedNode[]): Promise<void> {
  for (const slave of nodes.filter(({ role }) => role === 'slave')) {
    const master = nodes.find(
      ({ role, broker }) => role === 'master' && broker?.brokerName === slave.broker?.brokerName,
    );
    const from = path.join(master?.storeDirectory ?? '', TOPICS);
    await waitFor('the topic in the file', () => existsSync(from) && readFileSync(from, 'utf8').includes(BENCH_TOPIC));
    mkdirSync(path.join(slave.storeDirectory, 'config'), { recursive: true });
    copyFileSync(from, path.join(slave.storeDirectory, TOPICS));
  }
}

async function startApacheNode({ name, role, conf, storeDirectory }: PlacedNode): Promise<RunningProcess> {
  const isBroker = role !== 'namesrv';
  const mainClass = `org.apache.rocketmq.${isBroker ? 'broker.BrokerStartup' : 'namesrv.NamesrvStartup'}`;
  const program = await startJava(mainClass, ['-c', conf], {
    home: path.join(storeDirectory, '..', `home-${name}`),
    logback: `rmq.${isBroker ? 'broker' : 'namesrv'}.logback.xml`,
    jvmArgs: isBroker ? JVM_ARGS : ['-Xms64m', '-Xmx128m'],
    longLived: true,
    stopTimeoutMs: 0,
  });
  try {
    await program.untilOutput(/boot success/, START_TIMEOUT_MS);
    return program;
  } catch (error) {
    await program.stop();
    throw error;
  }
}
