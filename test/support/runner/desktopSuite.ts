import { runTests, downloadAndUnzipVSCode } from '@vscode/test-electron';

import { errorText } from '../../../src/base/errors.ts';
import { cacheDir } from '../cacheDir.ts';
import { repository } from '../repository.ts';
import { makeTempDir } from '../tempDir.ts';
import { OLDEST } from '../vscodeHost/versions.ts';
import { bundleHostTests } from './bundleHostTests.ts';
import { readSummary, summaryPath } from './mochaSuite.ts';
import { failedOnce, skippedOnce } from './summary.ts';
import type { Summary } from './summary.ts';
import { hostTestEnvironment, hostTestFiles } from './vscodeSuite.ts';

const NAME = 'desktop';
const DOWNLOAD_IDLE_TIMEOUT_MS = 15_000;

/** The tests of the extension host in a desktop VS Code: skipped where it cannot be downloaded or shown. */
export async function runDesktopSuite(): Promise<Summary> {
  if (process.platform === 'linux' && !process.env['DISPLAY']) {
    return skippedOnce(NAME, 'there is no display (DISPLAY is not set)');
  }
  let vscodeExecutablePath: string;
  try {
    vscodeExecutablePath = await downloadAndUnzipVSCode({
      version: OLDEST,
      cachePath: cacheDir('desktop'),
      timeout: DOWNLOAD_IDLE_TIMEOUT_MS,
    });
  } catch (error) {
    return skippedOnce(NAME, `a desktop VS Code cannot be downloaded here: ${errorText(error)}`);
  }
  const tests = await bundleHostTests(hostTestFiles());
  const summaryFile = summaryPath(NAME);
  const profile = makeTempDir('desktop');
  try {
    const code = await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: repository,
      extensionTestsPath: tests.runner,
      extensionTestsEnv: hostTestEnvironment(tests, summaryFile),
      launchArgs: ['--user-data-dir', profile.path, '--disable-extensions', '--disable-workspace-trust'],
    });
    return readSummary(summaryFile) ?? failedOnce(NAME, `VS Code ended with code ${code} and no summary`);
  } catch (error) {
    // A failing test rejects as well: its summary says more.
    return readSummary(summaryFile) ?? failedOnce(NAME, errorText(error));
  } finally {
    profile.remove();
  }
}
