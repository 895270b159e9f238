import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { formatProperties } from '../../src/base/properties.ts';
import type { Credentials } from '../../src/protocol/acl.ts';
import { ClusterClient } from '../../src/client/clusterClient.ts';
import type { TopicSpec } from '../../src/client/model.ts';
import type { ProxySettings } from './apache/proxy.ts';
import { startApacheRocketmq } from './apacheRocketmq.ts';
import { startLocalBroker } from './localBroker.ts';
import { requireTools } from './skip.ts';
import { makeTempDir } from './tempDir.ts';
import { waitFor } from './waitFor.ts';

/** A cluster that the suites of test/behaviours run against: ours, or Apache's. */
interface Backend {
  readonly name: 'local' | 'apache';
  start(context: Mocha.Context, settings: BackendSettings): Promise<RunningBackend>;
}

export interface BackendSettings {
  /** More lines of broker.conf. */
  readonly brokerConfig?: Readonly<Record<string, string | number | boolean>>;
  /** Of a super user, for the cluster's own client. */
  readonly credentials?: Credentials;
  /** With an endpoint for gRPC clients: lines of the proxy's configuration, which ours has among those of the broker. */
  readonly grpc?: ProxySettings;
  /** More lines for Apache's proxy, which is a process of its own. */
  readonly apacheProxy?: ProxySettings;
}

interface RunningBackend {
  /** `host:port` */
  readonly nameServer: string;
  /** `host:port`, where it was asked for. */
  readonly grpc: string | undefined;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 240_000;
const STOP_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 15_000;

const local: Backend = {
  name: 'local',
  async start(_context, { brokerConfig = {}, grpc }) {
    const directory = makeTempDir('broker-conf');
    const conf = path.join(directory.path, 'broker.conf');
    const lines = Object.entries({ ...brokerConfig, ...grpc });
    writeFileSync(conf, formatProperties(lines.map(([key, value]) => [key, String(value)])));
    const broker = await startLocalBroker('-c', conf, ...(grpc === undefined ? [] : ['--grpc-port', '0']));
    return {
      nameServer: broker.namesrv,
      grpc: broker.grpc ?? undefined,
      async stop() {
        await broker.stop();
        directory.remove();
      },
    };
  },
};

const apache: Backend = {
  name: 'apache',
  async start(context, settings) {
    requireTools(context, 'java');
    // On by default in ours.
    const brokerConfig = { enablePropertyFilter: true, ...settings.brokerConfig };
    const proxyConfig = settings.grpc && { ...settings.grpc, ...settings.apacheProxy };
    return startApacheRocketmq({ ...settings, brokerConfig, proxyConfig });
  },
};

/** What a suite works with; its values are there once its tests run. */
export interface TestCluster {
  readonly backend: Backend['name'];
  readonly nameServer: string;
  readonly clusterName: string;
  readonly brokerAddress: string;
  /** `host:port` for gRPC clients, of a suite that asked for it. */
  readonly grpc: string;
  readonly client: ClusterClient;
  /** Creates a topic that nobody else uses. */
  newTopic(spec?: Partial<TopicSpec>): Promise<string>;
  /** Until so many messages can be read: Apache's broker answers a send a moment before its queues have it. */
  untilReadable(topic: string, count: number): Promise<void>;
}

type FoundCluster = Omit<TestCluster, 'backend' | 'newTopic' | 'untilReadable'>;

/** Producers are asked about open transactions soon. */
export const QUICK_CHECKS: BackendSettings = {
  brokerConfig: { transactionCheckInterval: 1000, transactionTimeOut: 1000 },
};

/** Defines the suites once for every backend, each with a cluster of its own that starts before them and ends after. */
export function forEachBackend(define: (cluster: TestCluster) => void, settings: BackendSettings = {}): void {
  defineFor([local, apache], define, settings);
}

/**
 * The same for suites of official programs, which take minutes: on ours always, on Apache's broker when the environment
 * says `PROGRAMS_ALSO_ON=apache`.
 */
export function forPrograms(define: (cluster: TestCluster) => void, settings: BackendSettings = {}): void {
  defineFor(process.env['PROGRAMS_ALSO_ON'] === 'apache' ? [local, apache] : [local], define, settings);
}

function defineFor(
  backends: readonly Backend[],
  define: (cluster: TestCluster) => void,
  settings: BackendSettings,
): void {
  for (const backend of backends) {
    describe(backend.name, () => {
      let running: RunningBackend | undefined;
      let found: FoundCluster | undefined;

      before(async function () {
        this.timeout(START_TIMEOUT_MS);
        running = await backend.start(this, settings);
        const { nameServer, grpc = '' } = running;
        const client = new ClusterClient({
          nameServers: nameServer,
          credentials: settings.credentials,
          timeoutMs: REQUEST_TIMEOUT_MS,
        });
        const [broker] = await client.brokers();
        assert.ok(broker, `${backend.name} has no broker`);
        found = { nameServer, grpc, client, clusterName: broker.clusterName, brokerAddress: broker.address };
      });

      after(async function () {
        this.timeout(STOP_TIMEOUT_MS);
        found?.client.dispose();
        await running?.stop();
      });

      define(clusterOf(backend.name, () => found ?? assert.fail('the cluster is there while tests run')));
    });
  }
}

function clusterOf(backend: Backend['name'], found: () => FoundCluster): TestCluster {
  return {
    backend,
    get nameServer() {
      return found().nameServer;
    },
    get clusterName() {
      return found().clusterName;
    },
    get brokerAddress() {
      return found().brokerAddress;
    },
    get grpc() {
      return found().grpc;
    },
    get client() {
      return found().client;
    },
    async newTopic(spec = {}) {
      const topic = uniqueName('Topic');
      const { client, clusterName } = found();
      await client.createTopic(clusterName, {
        topic,
        readQueueNums: 4,
        writeQueueNums: 4,
        perm: 6,
        messageType: 'NORMAL',
        ...spec,
      });
      return topic;
    },
    async untilReadable(topic, count) {
      await waitFor(`${count} messages in ${topic}`, async () => {
        const { items } = await found().client.queues(topic);
        return items.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0) >= count;
      });
    },
  };
}

/** A topic or group that no other test uses. */
export function uniqueName(prefix: string): string {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}

let names = 0;
