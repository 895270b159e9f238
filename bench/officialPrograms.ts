import path from 'node:path';

import { startJava } from '../test/support/apache/java.ts';
import type { RunningProcess } from '../test/support/runningProcess.ts';
import { makeTempDir } from '../test/support/tempDir.ts';
import { BENCH_TOPIC } from './backend.ts';

/* The benchmark programs of Apache's own distribution, unchanged. */

export interface ProducerOptions {
  readonly threads: number;
  readonly bodyBytes: number;
  /** Messages a request; without it each is sent alone. */
  readonly batch?: number;
}

/** Sends synchronously, without compression and trace, until it is stopped. */
export function startProducer(
  nameServer: string,
  { threads, bodyBytes, batch }: ProducerOptions,
): Promise<RunningProcess> {
  const args = ['-n', nameServer, '-t', BENCH_TOPIC, '-w', String(threads), '-s', String(bodyBytes)];
  return batch === undefined
    ? startProgram('Producer', args)
    : startProgram('BatchProducer', [...args, '-b', String(batch)]);
}

/** Twenty threads, which is its default, that do nothing with a message. */
export function startConsumer(nameServer: string, group: string): Promise<RunningProcess> {
  return startProgram('Consumer', ['-n', nameServer, '-t', BENCH_TOPIC, '-g', group]);
}

async function startProgram(name: string, args: readonly string[]): Promise<RunningProcess> {
  const dir = makeTempDir('benchmark');
  return startJava(`org.apache.rocketmq.example.benchmark.${name}`, args, {
    home: path.join(dir.path, 'home'),
    jvmArgs: ['-Xms512m', '-Xmx512m'],
    longLived: true,
    stopTimeoutMs: 0,
    cleanUp: () => dir.remove(),
  });
}
