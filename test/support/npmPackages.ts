import assert from 'node:assert/strict';
import fs from 'node:fs';

import { cacheDir } from './cacheDir.ts';
import { withCacheLock } from './cacheLock.ts';
import { runProgram } from './runProgram.ts';

/** A folder with the client and what the header of its snippet says to install beside it; kept between runs. */
export async function ensurePackages(dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `npm-${dependency.replace(/[^\w.-]+/g, '-')}`);
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(folder)) return;
    const partial = fs.mkdtempSync(`${folder}.partial-`);
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    const args = ['install', '--prefix', partial, ...quiet, dependency, '@types/node@20'];
    const { code, output } = await runProgram('npm', args, { cwd: partial, timeoutMs: 300_000 });
    assert.equal(code, 0, output);
    fs.renameSync(partial, folder);
  });
  return folder;
}
