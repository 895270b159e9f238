import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { errorText } from '../../../src/base/errors.ts';
import { repository } from '../repository.ts';
import { startProcess } from '../runningProcess.ts';
import { waitFor } from '../waitFor.ts';
import { failedOnce, orNothingRan, SUMMARY_FILE } from './summary.ts';
import type { Summary } from './summary.ts';

const MOCHA = path.join(repository, 'node_modules', 'mocha', 'bin', 'mocha.js');
const REPORTER = path.join(repository, 'test', 'support', 'runner', 'summaryReporter.ts');
/** From the last test to the end of the process. Longer means that something was left open. */
const ENDING_MS = 20_000;
const OUTPUT_SHOWN = 2_000;

export interface MochaSuite {
  readonly name: string;
  /** Files of the repository. */
  readonly files: readonly string[];
  readonly grep?: string | undefined;
  /** For one test. */
  readonly testTimeoutMs: number;
  /** For all of them. */
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives what mocha prints; default standard output. */
  readonly print?: (text: string) => void;
}

/** Runs mocha in a process of its own, and shows what it prints. */
export async function runMochaSuite(suite: MochaSuite): Promise<Summary> {
  if (suite.files.length === 0) return failedOnce(suite.name, 'there is no test file');
  const summaryFile = summaryPath(suite.name);
  const args = ['--reporter', REPORTER, '--timeout', String(suite.testTimeoutMs)];
  if (suite.grep !== undefined) args.push('--grep', suite.grep);
  const mocha = startProcess(process.execPath, [MOCHA, ...args, ...suite.files], {
    cwd: repository,
    env: { ...process.env, ...colour(), ...suite.env, [SUMMARY_FILE]: summaryFile },
    onOutput: suite.print ?? ((text) => process.stdout.write(text)),
  });
  let code: number | null | undefined;
  void mocha.exited.then((ended) => (code = ended));
  try {
    const finished = (): boolean => code !== undefined || existsSync(summaryFile);
    await waitFor(`the tests of ${suite.name}`, finished, { timeoutMs: suite.timeoutMs });
    const patienceMs = failuresOf(summaryFile) === undefined ? ENDING_MS : 0;
    await waitFor('the end of the process', () => code !== undefined, { timeoutMs: patienceMs });
  } catch (error) {
    // When the tests have told of a failure, that is the cause.
    return failuresOf(summaryFile) ?? failedOnce(suite.name, `${errorText(error)}: something was left open`);
  } finally {
    await mocha.stop();
  }
  if (code !== 0) {
    const message = `mocha ended with code ${String(code)}: ${mocha.output().slice(-OUTPUT_SHOWN)}`;
    return failuresOf(summaryFile) ?? failedOnce(suite.name, message);
  }
  return orNothingRan(suite.name, readSummary(summaryFile) ?? failedOnce(suite.name, 'mocha wrote no summary'));
}

function failuresOf(summaryFile: string): Summary | undefined {
  const summary = readSummary(summaryFile);
  return summary !== undefined && summary.failures.length > 0 ? summary : undefined;
}

/** The test files below a folder of the repository, without those below another. */
export function testFiles(folder: string, without?: string): string[] {
  const root = path.join(repository, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name))
    .filter((file) => without === undefined || !file.startsWith(`${without}/`))
    .sort();
}

/** Where a suite's summary goes; one of an earlier run is removed. */
export function summaryPath(suite: string): string {
  const folder = path.join(repository, 'out', 'summaries');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${suite.replaceAll(/[^\w.]+/g, '-')}.json`);
  rmSync(file, { force: true });
  return file;
}

export function readSummary(file: string): Summary | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Summary) : undefined;
}

function colour(): Record<string, string> {
  return process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
}
