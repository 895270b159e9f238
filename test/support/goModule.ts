import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { cacheDir } from './cacheDir.ts';
import { withCacheLock } from './cacheLock.ts';
import { runProgram } from './runProgram.ts';

const ENV = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', GOTOOLCHAIN: 'local' };

/** Writes `go.mod` and `go.sum` of a module that requires the dependency and nothing else; both are kept between runs. */
export async function writeGoModule(dependency: string, folder: string): Promise<void> {
  const kept = cacheDir('snippets', `go-${dependency.replace(/\W+/g, '-')}`);
  await withCacheLock(`${kept}.lock`, console.log, async () => {
    if (fs.existsSync(path.join(kept, 'go.sum'))) return;
    const partial = fs.mkdtempSync(`${kept}.partial-`);
    await go(['mod', 'init', 'snippets'], partial);
    await go(['get', dependency], partial);
    fs.renameSync(partial, kept);
  });
  for (const file of ['go.mod', 'go.sum']) fs.copyFileSync(path.join(kept, file), path.join(folder, file));
}

/** @returns what it printed @throws AssertionError when it does not end with 0 */
export async function go(args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await runProgram('go', args, { cwd, env: ENV, timeoutMs: 540_000 });
  assert.equal(code, 0, `go ${args.join(' ')}\n${output}`);
  return output;
}
