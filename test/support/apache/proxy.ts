import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { freePort } from '../freePort.ts';
import type { RunningProcess } from '../runningProcess.ts';
import { startJava } from './java.ts';
import type { JavaOptions } from './java.ts';

const START_TIMEOUT_MS = 90_000;

/** Keys of rmq-proxy.json. */
export type ProxySettings = Readonly<Record<string, string | number | boolean>>;

/** What the tests do not want to wait for. */
const SOONER: ProxySettings = {
  /** Only then the broker knows whom to ask about an open transaction. */
  transactionHeartbeatPeriodSecond: 1,
  grpcShutdownTimeSeconds: 0,
};

export interface ApacheProxy {
  /** `host:port` */
  readonly grpc: string;
  readonly process: RunningProcess;
}

/**
 * Starts Apache's proxy beside a running cluster. In cluster mode: in local mode it leaves the settings of a client
 * whose group it does not know unanswered, and consumers of Java, Go and Python fail to start.
 * @param broker in local mode, where the proxy is the broker too: its broker.conf, and what Java is told for both
 */
export async function startApacheProxy(
  dir: string,
  nameServer: string,
  settings: ProxySettings,
  broker?: { readonly config: string; readonly java: Pick<JavaOptions, 'jvmArgs' | 'longLived'> },
): Promise<ApacheProxy> {
  const grpcPort = await freePort();
  const config = path.join(dir, 'rmq-proxy.json');
  const lines = {
    ...(broker === undefined ? { proxyMode: 'cluster' } : { proxyMode: 'local', brokerConfigPath: broker.config }),
    rocketMQClusterName: 'DefaultCluster',
    proxyName: 'proxy-a',
    namesrvAddr: nameServer,
    localServeAddr: '127.0.0.1',
    grpcServerPort: grpcPort,
    remotingAccessAddr: '127.0.0.1',
    remotingListenPort: await freePort(),
    ...SOONER,
    ...settings,
  };
  writeFileSync(config, JSON.stringify(lines));
  const proxy = await startJava('org.apache.rocketmq.proxy.ProxyStartup', ['-pc', config], {
    home: path.join(dir, 'proxy'),
    jvmArgs: ['-Xms128m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'],
    ...broker?.java,
    nameServer,
    logback: 'rmq.proxy.logback.xml',
    stopTimeoutMs: 0,
  });
  try {
    await proxy.untilOutput(/startup successfully/, START_TIMEOUT_MS);
    return { grpc: `127.0.0.1:${grpcPort}`, process: proxy };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}
