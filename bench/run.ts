import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { repository } from '../test/support/repository.ts';
import { measureExtension } from './activation.ts';
import { measureClusterModes } from './clusterModes.ts';
import { measureClusterStart } from './clusterStart.ts';
import { measureConsumer } from './consumers.ts';
import { measureDelay } from './delay.ts';
import { measureFailover } from './failover.ts';
import { printFigures } from './figures.ts';
import type { Figure } from './figures.ts';
import { measureFrames } from './frames.ts';
import { measureGrowth } from './growth.ts';
import { measureGrpcConsume } from './grpc/consumers.ts';
import { measureGrpcIdle } from './grpc/idleConsumers.ts';
import { measureGrpcLatency } from './grpc/latency.ts';
import { measureGrpcReady } from './grpc/readiness.ts';
import { measureGrpcSend } from './grpc/sends.ts';
import { measureIdleConsumers } from './idleConsumers.ts';
import { measureLoop } from './loop.ts';
import { measureMemory } from './memory.ts';
import { measureBatch, measureProducer } from './producers.ts';
import { measureSend } from './send.ts';
import { measureStartup } from './startup.ts';
import { measureTailLatency } from './tailLatency.ts';

/*
 * npm run bench [-- --runs N --parts NAME,…]: medians of several runs, ours beside Apache's in the same run. What
 * Apache's own programs measure is in producer, batch and consumer.
 */

const parts: Readonly<Record<string, (runs: number) => Promise<Figure[]>>> = {
  startup: measureStartup,
  'cluster-start': measureClusterStart,
  'cluster-modes': measureClusterModes,
  failover: measureFailover,
  send: measureSend,
  tail: measureTailLatency,
  producer: measureProducer,
  batch: measureBatch,
  frames: measureFrames,
  consumer: measureConsumer,
  memory: measureMemory,
  loop: measureLoop,
  idle: measureIdleConsumers,
  delay: measureDelay,
  growth: measureGrowth,
  'grpc-send': measureGrpcSend,
  'grpc-consume': measureGrpcConsume,
  'grpc-latency': measureGrpcLatency,
  'grpc-idle': measureGrpcIdle,
  'grpc-ready': measureGrpcReady,
  activation: measureExtension,
};

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, parts: { type: 'string', default: Object.keys(parts).join(',') } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is no positive number`);
const names = values.parts.split(',');
const unknown = names.find((name) => parts[name] === undefined);
if (unknown !== undefined) throw new Error(`--parts knows ${Object.keys(parts).join(', ')}, not "${unknown}"`);

console.log(`${runs} runs, ${cpus().length} cores, Node ${process.versions.node}`);
const figures: Figure[] = [];
for (const name of names) {
  const found = (await parts[name]?.(runs)) ?? [];
  figures.push(...found);
  printFigures(found);
}
const out = path.join(repository, 'out');
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, 'bench.json'), JSON.stringify(figures, undefined, 2));
