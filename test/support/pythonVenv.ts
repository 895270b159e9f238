import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { cacheDir } from './cacheDir.ts';
import { withCacheLock } from './cacheLock.ts';
import { runProgram } from './runProgram.ts';

/** The Python of a virtual environment with the client; kept between runs. */
export async function ensureVenv(dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `venv-${dependency.replace(/[^\w.-]+/g, '-')}`);
  const python = path.join(folder, 'bin', 'python');
  const done = path.join(folder, 'installed');
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(done)) return;
    // A virtual environment holds its own path, so that it cannot be moved into place: the mark says that it is whole.
    fs.rmSync(folder, { recursive: true, force: true });
    await succeed('python3', ['-m', 'venv', folder]);
    await succeed(python, [...PIP, dependency]);
    fs.writeFileSync(done, '');
  });
  return python;
}

/** A folder for PYTHONPATH with one more package for such a Python; kept between runs. */
export async function ensurePythonPackage(python: string, dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `python-${dependency.replace(/[^\w.-]+/g, '-')}`);
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(folder)) return;
    const partial = fs.mkdtempSync(`${folder}.partial-`);
    await succeed(python, [...PIP, '--target', partial, dependency]);
    fs.renameSync(partial, folder);
  });
  return folder;
}

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runProgram(command, args, { timeoutMs: 300_000 });
  assert.equal(code, 0, output);
}
