import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { repository } from '../test/support/repository.ts';
import { measureExtension } from './activation.ts';
import { printFigures } from './figures.ts';
import type { Figure } from './figures.ts';
import { measureSend } from './send.ts';
import { measureStartup } from './startup.ts';
import { measureTailLatency } from './tailLatency.ts';

/* npm run bench [-- --runs N --parts startup,send,tail,activation]: medians of several runs, ours beside Apache's in the same run. */

const parts: Readonly<Record<string, (runs: number) => Promise<Figure[]>>> = {
  startup: measureStartup,
  send: measureSend,
  tail: measureTailLatency,
  activation: measureExtension,
};

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, parts: { type: 'string', default: Object.keys(parts).join(',') } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is no positive number`);

const figures: Figure[] = [];
for (const name of values.parts.split(',')) {
  const measure = parts[name];
  if (measure === undefined) throw new Error(`--parts knows ${Object.keys(parts).join(', ')}, not "${name}"`);
  figures.push(...(await measure(runs)));
}
console.log(`${runs} runs, ${cpus().length} cores, Node ${process.versions.node}`);
printFigures(figures);
const out = path.join(repository, 'out');
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, 'bench.json'), JSON.stringify(figures, undefined, 2));
