import { readFileSync } from 'node:fs';

import { ClusterClient } from '../src/client/clusterClient.ts';
import { startApacheRocketmq } from '../test/support/apacheRocketmq.ts';
import { startLocalBroker } from '../test/support/localBroker.ts';

export interface Backend {
  readonly nameServer: string;
  stop(): Promise<void>;
}

export const backends: Readonly<Record<'ours' | 'apache', () => Promise<Backend>>> = {
  ours: async () => {
    const broker = await startLocalBroker();
    return { nameServer: broker.namesrv, stop: () => broker.stop() };
  },
  apache: () => startApacheRocketmq(),
};

export const BENCH_TOPIC = 'Bench';

/** A client of the backend, with a topic of one queue to work on. */
export async function benchClient(nameServer: string): Promise<ClusterClient> {
  const client = new ClusterClient({ nameServers: nameServer, timeoutMs: 10_000 });
  const [broker] = await client.brokers();
  if (broker === undefined) throw new Error(`no broker at ${nameServer}`);
  await client.createTopic(broker.clusterName, {
    topic: BENCH_TOPIC,
    readQueueNums: 1,
    writeQueueNums: 1,
    perm: 6,
    messageType: 'NORMAL',
  });
  return client;
}

/** Resident memory of a process, in MiB, as Linux counts it. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
