import path from 'node:path';

import { errorText } from '../../../src/base/errors.ts';
import { repository } from '../repository.ts';
import { makeTempDir } from '../tempDir.ts';
import { runInVsCode } from '../vscodeHost/runInVsCode.ts';
import type { VsCodeVersion } from '../vscodeHost/versions.ts';
import { bundleHostTests } from './bundleHostTests.ts';
import type { HostTests } from './bundleHostTests.ts';
import { readSummary, runMochaSuite, summaryPath, testFiles } from './mochaSuite.ts';
import { addUp, failedOnce, orNothingRan, SUMMARY_FILE } from './summary.ts';
import type { Summary } from './summary.ts';

const HOST_TIMEOUT_MS = 6 * 60_000;
const WORKBENCH_TIMEOUT_MS = 10 * 60_000;
/** A person's journey is many steps of up to 20 s, and VS Code starts in it. */
const WORKBENCH_TEST_TIMEOUT_MS = 180_000;
const HOST_TESTS = 'test/integration';
const WORKBENCH_TESTS = 'test/integration/workbench';

export interface VsCodeSelection {
  readonly versions: readonly VsCodeVersion[];
  readonly files: readonly string[];
  readonly grep?: string | undefined;
}

/** The tests inside the extension host, then those that drive the workbench from outside, in every version asked for. */
export async function runVsCodeSuite(selection: VsCodeSelection): Promise<Summary> {
  const hostFiles = chosen(hostTestFiles(), selection.files);
  const workbenchFiles = chosen(testFiles(WORKBENCH_TESTS), selection.files);
  if (hostFiles.length + workbenchFiles.length === 0) return failedOnce('vscode', 'there is no test file');
  const tests = await bundleHostTests(hostFiles);
  const summaries: Summary[] = [];
  for (const version of selection.versions) {
    if (hostFiles.length > 0) summaries.push(await runHostTests(tests, version, selection.grep));
    if (workbenchFiles.length > 0) summaries.push(await runWorkbenchTests(workbenchFiles, version, selection.grep));
  }
  return addUp(summaries);
}

export function hostTestFiles(): string[] {
  return testFiles(HOST_TESTS, WORKBENCH_TESTS);
}

/** What the tests in the host find in their environment. */
export function hostTestEnvironment(tests: HostTests, summaryFile: string, grep?: string): Record<string, string> {
  return {
    HOST_TEST_FILES: JSON.stringify(tests.files),
    [SUMMARY_FILE]: summaryFile,
    ...(grep === undefined ? {} : { HOST_TEST_GREP: grep }),
  };
}

function chosen(files: readonly string[], wanted: readonly string[]): string[] {
  return files.filter((file) => wanted.length === 0 || wanted.includes(file));
}

async function runHostTests(tests: HostTests, version: VsCodeVersion, grep?: string): Promise<Summary> {
  const name = `vscode ${version} extension host`;
  console.log(`\n${name}`);
  const summaryFile = summaryPath(name);
  const workspace = makeTempDir('workspace');
  try {
    const code = await runInVsCode({
      vscodeVersion: version,
      extensionDevelopmentPath: repository,
      extensionTestsPath: tests.runner,
      workspace: workspace.path,
      env: hostTestEnvironment(tests, summaryFile, grep),
      timeoutMs: HOST_TIMEOUT_MS,
      artifactsDir: path.join(repository, 'out', 'artifacts', version),
      print: (line) => console.log(line),
    });
    const summary = readSummary(summaryFile);
    if (summary === undefined) return failedOnce(name, `VS Code ended with code ${code} and no summary`);
    if (code !== 0 && summary.failures.length === 0) return failedOnce(name, `VS Code ended with code ${code}`);
    return orNothingRan(name, summary);
  } catch (error) {
    return failedOnce(name, errorText(error));
  } finally {
    workspace.remove();
  }
}

function runWorkbenchTests(files: readonly string[], version: VsCodeVersion, grep?: string): Promise<Summary> {
  const name = `vscode ${version} workbench`;
  console.log(`\n${name}`);
  return runMochaSuite({
    name,
    files,
    grep,
    testTimeoutMs: WORKBENCH_TEST_TIMEOUT_MS,
    timeoutMs: WORKBENCH_TIMEOUT_MS,
    env: { VSCODE_HOST_VERSION: version },
  });
}
