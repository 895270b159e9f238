import { writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Credentials } from '../../src/protocol/acl.ts';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import { startJava } from './apache/java.ts';
import { startApacheProxy } from './apache/proxy.ts';
import type { ApacheProxy, ProxySettings } from './apache/proxy.ts';
import { freePort, freePortWith } from './freePort.ts';
import type { RunningProcess } from './runningProcess.ts';
import { makeTempDir } from './tempDir.ts';
import { waitFor } from './waitFor.ts';

const START_TIMEOUT_MS = 90_000;
const REGISTRATION_TIMEOUT_MS = 70_000;
const REQUEST_TIMEOUT_MS = 15_000;
const READY = /boot success/;
/** Beside its own port P a broker listens on P - 2 and, for replication, P + 1. */
const BROKER_PORT_OFFSETS = [0, -2, 1];
const ATTEMPTS = 3;

export interface ApacheOptions {
  /** More lines of broker.conf. */
  readonly brokerConfig?: Readonly<Record<string, string | number | boolean>>;
  /** Of somebody who may ask the broker how it is, where it asks who that is. */
  readonly credentials?: Credentials | undefined;
  /** As it is deployed, to be measured: a heap of 1 GiB and Java's own choices. Default: small and soon there. */
  readonly measured?: boolean;
  /** With a proxy beside it, for gRPC clients; its lines of rmq-proxy.json. */
  readonly proxyConfig?: ProxySettings | undefined;
  /** The proxy in one process with the broker (local mode), as a single machine has it. */
  readonly proxyInBroker?: boolean;
}

export interface ApacheRocketmq {
  /** `host:port` */
  readonly nameServer: string;
  readonly brokerAddress: string;
  readonly brokerName: string;
  readonly clusterName: string;
  /** `host:port` of the proxy, where there is one. */
  readonly grpc: string | undefined;
  readonly brokerPid: number;
  readonly nameServerPid: number;
  /** Data of the broker in Apache's own files; gone after `stop`. */
  readonly storeDir: string;
  /** Kills the processes and removes the data. */
  stop(): Promise<void>;
  /** Asks the broker to end, waits until it has everything on disk, and then does as `stop`. */
  close(): Promise<void>;
}

/**
 * Starts a real Apache RocketMQ from its released jars: a NameServer and one master, on free ports of 127.0.0.1, with
 * small heaps and a store of its own. Needs Java, and Maven the first time. Returns when the broker is registered.
 */
export async function startApacheRocketmq(options: ApacheOptions = {}): Promise<ApacheRocketmq> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startSingle(options);
    } catch (error) {
      // A port was taken by somebody between the choice and the start.
      const again = error instanceof Error && /BindException|Address already in use/.test(error.message);
      if (!again || attempt === ATTEMPTS) throw error;
    }
  }
}

async function startSingle(options: ApacheOptions): Promise<ApacheRocketmq> {
  const dir = makeTempDir('apache');
  const processes: RunningProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((server) => server.stop()));
    dir.remove();
  };
  try {
    const nameServerPort = await freePort();
    const nameServer = `127.0.0.1:${nameServerPort}`;
    const nameServerProcess = await startNameServer(dir.path, nameServerPort);
    processes.push(nameServerProcess);
    const brokerPort = await freePortWith(BROKER_PORT_OFFSETS);
    const broker = { ...brokerSettings(dir.path, nameServer, brokerPort), ...options.brokerConfig };
    const java = brokerJava(options.measured ?? false);
    const { proxyConfig, proxyInBroker = false } = options;
    let proxy: ApacheProxy | undefined;
    let brokerProcess: RunningProcess;
    if (proxyInBroker) {
      const config = writeConfig(dir.path, 'broker', broker);
      proxy = await startApacheProxy(dir.path, nameServer, proxyConfig ?? {}, { config, java });
      processes.push((brokerProcess = proxy.process));
      await untilRegistered(broker.namesrvAddr, options.credentials);
    } else {
      processes.push((brokerProcess = await startBroker(dir.path, broker, java)));
      await untilRegistered(broker.namesrvAddr, options.credentials);
      proxy = proxyConfig && (await startApacheProxy(dir.path, nameServer, proxyConfig));
      if (proxy) processes.push(proxy.process);
    }
    return {
      nameServer,
      brokerAddress: `127.0.0.1:${brokerPort}`,
      brokerName: broker.brokerName,
      clusterName: broker.brokerClusterName,
      grpc: proxy?.grpc,
      brokerPid: brokerProcess.pid,
      nameServerPid: nameServerProcess.pid,
      storeDir: broker.storePathRootDir,
      stop,
      close: async () => {
        process.kill(brokerProcess.pid, 'SIGTERM');
        await brokerProcess.exited;
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** "boot success" may come before the NameServer knows the broker: a first registration that fails is tried again 10 to 60 s later. */
async function untilRegistered(nameServers: string, credentials: Credentials | undefined): Promise<void> {
  const client = new ClusterClient({ nameServers, credentials, timeoutMs: REQUEST_TIMEOUT_MS });
  try {
    const broker = await waitFor('the broker to be registered', async () => (await client.brokers())[0], {
      timeoutMs: REGISTRATION_TIMEOUT_MS,
    });
    await waitFor('the broker to answer', () => client.brokerDetail(broker.address).catch(() => undefined));
  } finally {
    client.dispose();
  }
}

function startNameServer(dir: string, port: number): Promise<RunningProcess> {
  return startServer(dir, 'org.apache.rocketmq.namesrv.NamesrvStartup', {
    name: 'namesrv',
    jvmArgs: ['-Xms64m', '-Xmx128m'],
    settings: {
      bindAddress: '127.0.0.1',
      listenPort: port,
      rocketmqHome: dir,
      kvConfigPath: path.join(dir, 'store', 'namesrv', 'kvConfig.json'),
      configStorePath: path.join(dir, 'store', 'namesrv', 'namesrv.properties'),
    },
  });
}

function brokerSettings(dir: string, nameServer: string, port: number) {
  const storePathRootDir = path.join(dir, 'store', 'broker-a');
  return {
    brokerClusterName: 'DefaultCluster',
    brokerName: 'broker-a',
    brokerId: 0,
    brokerRole: 'ASYNC_MASTER',
    flushDiskType: 'ASYNC_FLUSH',
    namesrvAddr: nameServer,
    brokerIP1: '127.0.0.1',
    brokerIP2: '127.0.0.1',
    bindAddress: '127.0.0.1',
    listenPort: port,
    haListenPort: port + 1,
    storePathRootDir,
    storePathCommitLog: path.join(storePathRootDir, 'commitlog'),
    autoCreateTopicEnable: true,
  };
}

type BrokerJava = Pick<ServerSpec, 'jvmArgs' | 'longLived'>;

function brokerJava(measured: boolean): BrokerJava {
  const heap = measured ? ['-Xms1g', '-Xmx1g'] : ['-Xms256m', '-Xmx512m'];
  return { jvmArgs: [...heap, '-XX:MaxDirectMemorySize=512m'], longLived: measured };
}

function startBroker(dir: string, settings: Settings, java: BrokerJava): Promise<RunningProcess> {
  return startServer(dir, 'org.apache.rocketmq.broker.BrokerStartup', { name: 'broker', ...java, settings });
}

type Settings = Readonly<Record<string, string | number | boolean>>;

interface ServerSpec {
  readonly name: 'namesrv' | 'broker';
  readonly jvmArgs: readonly string[];
  readonly longLived?: boolean;
  readonly settings: Settings;
}

/** A server says that it is up after its ports listen and, for a broker, after it registered. */
async function startServer(dir: string, mainClass: string, { name, jvmArgs, longLived, settings }: ServerSpec) {
  const config = writeConfig(dir, name, settings);
  const home = path.join(dir, name);
  const logback = `rmq.${name}.logback.xml`;
  const server = await startJava(mainClass, ['-c', config], { home, jvmArgs, longLived, logback, stopTimeoutMs: 0 });
  try {
    await server.untilOutput(READY, START_TIMEOUT_MS);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function writeConfig(dir: string, name: ServerSpec['name'], settings: Settings): string {
  const config = path.join(dir, `${name}.conf`);
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(config, lines.join(''));
  return config;
}
