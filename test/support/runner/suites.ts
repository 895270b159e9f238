import path from 'node:path';

import { RELEASES, ensureApacheJars } from '../apache/jars.ts';
import { hasCommand } from '../skip.ts';
import { ensureChromium } from '../vscodeHost/browser.ts';
import { ensureVsCode } from '../vscodeHost/install.ts';
import type { VsCodeVersion } from '../vscodeHost/versions.ts';
import { checkScripts, runCheck } from './check.ts';
import { runDesktopSuite } from './desktopSuite.ts';
import { inLanes } from './inLanes.ts';
import { runMochaSuite, testFiles } from './mochaSuite.ts';
import type { MochaSuite } from './mochaSuite.ts';
import { addUp, skippedOnce } from './summary.ts';
import type { Summary } from './summary.ts';
import { runVsCodeSuite } from './vscodeSuite.ts';

export interface Selection {
  readonly versions: readonly VsCodeVersion[];
  /** Test files; none means all of a suite. */
  readonly files: readonly string[];
  readonly grep?: string | undefined;
}

export type Suite = (selection: Selection) => Promise<Summary>;

const MINUTE_MS = 60_000;

/** Files of a minute and more: where there are lanes they come first, so that none runs on alone at the end. */
const LONGEST = ['storeFiles', 'mqadmin', 'popFiles', 'quickstart', 'clusterModes'];

/** Every suite by its name, in the order of a whole run: the quick ones first. */
export function allSuites(): ReadonlyMap<string, Suite> {
  return new Map<string, Suite>([
    ...['build', ...checkScripts()].map((script): [string, Suite] => [script, () => runCheck(script)]),
    mochaSuite('unit', 30_000, 5 * MINUTE_MS),
    mochaSuite('broker', 40_000, 8 * MINUTE_MS, inHalves),
    mochaSuite('grammar', 20_000, 2 * MINUTE_MS),
    prepared(provideBrowser, mochaSuite('webview', 30_000, 5 * MINUTE_MS)),
    prepared(provideApache, mochaSuite('behaviours', 120_000, 10 * MINUTE_MS, eachFileAlone, 2)),
    prepared(provideApache, mochaSuite('interop', 300_000, 15 * MINUTE_MS, eachFileAlone, 3)),
    prepared(provideVsCode, ['vscode', runVsCodeSuite]),
    ['desktop', runDesktopSuite],
  ]);
}

/** In a whole run the desktop is not downloaded: it is named, so that nobody thinks it was tested. */
export function desktopLeftOut(): Promise<Summary> {
  const reason = 'a whole run does not download a desktop VS Code; "npm run test:desktop" does';
  return Promise.resolve(skippedOnce('desktop', reason));
}

/** Downloads come before the tests: no test's time is spent on them. */
function prepared(prepare: (selection: Selection) => Promise<void>, [name, suite]: [string, Suite]): [string, Suite] {
  const run: Suite = async (selection) => {
    await prepare(selection);
    return suite(selection);
  };
  return [name, run];
}

async function provideBrowser(): Promise<void> {
  await ensureChromium(console.log);
}

async function provideVsCode({ versions }: Selection): Promise<void> {
  await ensureChromium(console.log);
  for (const version of versions) await ensureVsCode(version, console.log);
}

/** Tests that need it skip, with a reason, where its tools are missing. */
async function provideApache(): Promise<void> {
  if (hasCommand('java') && hasCommand('mvn')) for (const release of RELEASES) await ensureApacheJars(release);
}

/** Files that share a process. */
type Grouping = (files: readonly string[]) => readonly (readonly string[])[];

/** For a suite that computes. */
const inHalves: Grouping = (files) => [0, 1].map((half) => files.filter((_, index) => index % 2 === half));

/** For a suite that mostly waits. */
const eachFileAlone: Grouping = (files) => {
  const isLong = (file: string): boolean => LONGEST.includes(path.basename(file, '.test.ts'));
  return [...files.filter(isLong), ...files.filter((file) => !isLong(file))].map((file) => [file]);
};

/** A grouped suite has as many processes at once as it has lanes, each with that time. */
function mochaSuite(
  name: string,
  testTimeoutMs: number,
  timeoutMs: number,
  grouping?: Grouping,
  lanes = 2,
): [string, Suite] {
  const run: Suite = async ({ files, grep }) => {
    const all = testFiles(`test/${name}`);
    const chosen = files.length === 0 ? all : all.filter((file) => files.includes(file));
    // Of the files that a pattern leaves empty nobody wants to hear.
    if (grouping === undefined || chosen.length === 0 || grep !== undefined) {
      return runMochaSuite({ name, files: chosen, grep, testTimeoutMs, timeoutMs });
    }
    const summaries: Summary[] = [];
    const groups = grouping(chosen).filter((group) => group.length > 0);
    await inLanes(lanes, groups, async (group) => {
      summaries.push(await runAside({ name: group[0] ?? name, files: group, testTimeoutMs, timeoutMs }));
    });
    return addUp(summaries);
  };
  return [name, run];
}

/** What it prints comes in one piece at its end. */
async function runAside(suite: MochaSuite): Promise<Summary> {
  let printed = '';
  try {
    return await runMochaSuite({ ...suite, print: (text) => (printed += text) });
  } finally {
    process.stdout.write(printed);
  }
}
