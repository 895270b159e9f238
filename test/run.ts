import path from 'node:path';
import { parseArgs } from 'node:util';

import { errorText } from '../src/base/errors.ts';
import { repository } from './support/repository.ts';
import { checkScripts } from './support/runner/check.ts';
import { inLanes } from './support/runner/inLanes.ts';
import { runningAgain } from './support/runner/runAgain.ts';
import { addUp, failedOnce, totals } from './support/runner/summary.ts';
import type { Summary } from './support/runner/summary.ts';
import { allSuites, desktopLeftOut } from './support/runner/suites.ts';
import type { Selection, Suite } from './support/runner/suites.ts';
import { parseVersions } from './support/vscodeHost/versions.ts';

const USAGE = `node --import tsx test/run.ts all|SUITE… [FILE.test.ts…] [--grep=TEXT] [--vscode=oldest|newest|all|VERSION]`;

/** Runs suites, also after one that failed. The last line is "N passed, N failed, N skipped". */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { grep: { type: 'string' }, vscode: { type: 'string' } },
  });
  const selection: Selection = {
    versions: parseVersions(values.vscode ?? process.env['VSCODE_VERSIONS'] ?? 'oldest'),
    files: positionals.filter(isTestFile).map((file) => path.relative(repository, path.resolve(file))),
    grep: values.grep,
  };
  const results = new Map<string, Summary>();
  const run = async ([name, suite]: [string, Suite]): Promise<void> => {
    console.log(`\n=== ${name}`);
    const startedMs = performance.now();
    const result = await suite(selection).catch((error: unknown) => failedOnce(name, errorText(error)));
    results.set(name, result);
    console.log(`${name}: ${totals(result)} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  };
  const suites = suitesNamed(positionals.filter((word) => !isTestFile(word)));
  const checks = new Set(checkScripts());
  // Checks compute and wait for nothing: two of them at once harm none. They read what a build wrote.
  await inLanes(
    1,
    suites.filter(([name]) => name === 'build'),
    run,
  );
  await inLanes(
    2,
    suites.filter(([name]) => checks.has(name)),
    run,
  );
  await inLanes(
    1,
    suites.filter(([name]) => name !== 'build' && !checks.has(name)),
    run,
  );
  return conclude(results);
}

function suitesNamed(names: readonly string[]): [string, Suite][] {
  const all = allSuites();
  if (names.length === 0) throw new Error(USAGE);
  if (names.includes('all')) {
    return [...new Map(all).set('desktop', desktopLeftOut)].map(([name, suite]) => [name, runningAgain(suite)]);
  }
  return names.map((name) => {
    const suite = all.get(name);
    if (suite === undefined)
      throw new Error(`there is no suite "${name}", only ${[...all.keys()].join(', ')}\n${USAGE}`);
    return [name, suite];
  });
}

function conclude(results: ReadonlyMap<string, Summary>): number {
  const total = addUp([...results.values()]);
  console.log('');
  for (const { title, message } of total.failures) console.log(`failed: ${title}: ${message}`);
  for (const { title, message } of total.unsteady ?? []) console.log(`unsteady: ${title}: ${message}`);
  for (const rerun of total.reruns ?? []) console.log(`run again: ${rerun}`);
  for (const { title, reason } of total.skips) console.log(`skipped: ${title}: ${reason}`);
  for (const [name, result] of results) console.log(`${name}: ${totals(result)}`);
  console.log(totals(total));
  return total.failures.length === 0 ? 0 : 1;
}

function isTestFile(word: string): boolean {
  return word.endsWith('.test.ts');
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(errorText(error));
    process.exitCode = 2;
  },
);
