import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { cacheDir } from './cacheDir.ts';
import { withCacheLock } from './cacheLock.ts';
import { runProgram } from './runProgram.ts';

const BUILD_TIMEOUT_MS = 15 * 60_000;

/**
 * Builds a crate with one program, called `driver`, and gives the path of that. The crates that it depends on are built
 * once for a Cargo.toml and kept, with the versions that were chosen then; what is built again later is the program.
 */
export async function buildCrate(folder: string): Promise<string> {
  const manifest = fs.readFileSync(path.join(folder, 'Cargo.toml'));
  const kept = cacheDir('crates', createHash('sha256').update(manifest).digest('hex').slice(0, 12));
  await withCacheLock(`${kept}.lock`, console.log, async () => {
    fs.cpSync(folder, kept, { recursive: true });
    const { code, output } = await runProgram('cargo', ['build', '--quiet'], {
      cwd: kept,
      env: { ...process.env, CARGO_TARGET_DIR: path.join(kept, 'target') },
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    assert.equal(code, 0, output);
  });
  return path.join(kept, 'target', 'debug', 'driver');
}
