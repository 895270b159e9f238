import assert from 'node:assert/strict';
import path from 'node:path';

import { ClusterClient } from '../../src/client/clusterClient.ts';
import type { TopicSpec } from '../../src/client/model.ts';
import { startApacheRocketmq } from './apacheRocketmq.ts';
import { startProcess } from './runningProcess.ts';
import { requireTools } from './skip.ts';
import { waitFor } from './waitFor.ts';

/** A cluster that the suites of test/behaviours run against: ours, or Apache's. */
interface Backend {
  readonly name: 'local' | 'apache';
  start(context: Mocha.Context): Promise<RunningBackend>;
}

interface RunningBackend {
  /** `host:port` */
  readonly nameServer: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

const local: Backend = {
  name: 'local',
  async start() {
    const bundle = path.resolve(import.meta.dirname, '../../dist/broker.cjs');
    const ports = ['--namesrv-port', '0', '--port', '0', '--grpc-port', 'off'];
    const broker = startProcess(process.execPath, [bundle, 'start', '--temp', '--json', ...ports]);
    try {
      const [line] = await broker.untilOutput(/^\{.*"ready":true.*\}$/m, 10_000);
      const { namesrv } = JSON.parse(line) as { readonly namesrv: string };
      return { nameServer: namesrv, stop: () => broker.stop() };
    } catch (error) {
      await broker.stop();
      throw error;
    }
  },
};

const apache: Backend = {
  name: 'apache',
  async start(context) {
    requireTools(context, 'java');
    return startApacheRocketmq();
  },
};

/** What a suite works with; its values are there once its tests run. */
export interface TestCluster {
  readonly nameServer: string;
  readonly clusterName: string;
  readonly brokerAddress: string;
  readonly client: ClusterClient;
  /** Creates a topic that nobody else uses. */
  newTopic(spec?: Partial<TopicSpec>): Promise<string>;
}

/** Defines the suites once for every backend, each with a cluster of its own that starts before them and ends after. */
export function forEachBackend(define: (cluster: TestCluster) => void): void {
  for (const backend of [local, apache]) {
    describe(backend.name, () => {
      let running: RunningBackend | undefined;
      let found: Omit<TestCluster, 'newTopic'> | undefined;

      before(async function () {
        this.timeout(START_TIMEOUT_MS);
        running = await backend.start(this);
        const { nameServer } = running;
        const client = new ClusterClient({ nameServers: nameServer });
        // Apache's says that it is up before its NameServer knows of it, and tries again 10 s and 40 s later.
        const broker = await waitFor('the broker to be registered', async () => (await client.brokers())[0], {
          timeoutMs: 60_000,
        });
        // Apache's refuses to tell of itself while it still starts.
        await waitFor('the broker to answer', () => client.brokerDetail(broker.address).catch(() => undefined));
        found = { nameServer, client, clusterName: broker.clusterName, brokerAddress: broker.address };
      });

      after(async function () {
        this.timeout(STOP_TIMEOUT_MS);
        found?.client.dispose();
        await running?.stop();
      });

      define(clusterOf(() => found ?? assert.fail('the cluster is there while tests run')));
    });
  }
}

function clusterOf(found: () => Omit<TestCluster, 'newTopic'>): TestCluster {
  return {
    get nameServer() {
      return found().nameServer;
    },
    get clusterName() {
      return found().clusterName;
    },
    get brokerAddress() {
      return found().brokerAddress;
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
  };
}

/** A topic or group that no other test uses. */
export function uniqueName(prefix: string): string {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}

let names = 0;
