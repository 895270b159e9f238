import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A fresh directory; `remove` deletes it with all it holds and may be called twice. */
export function makeTempDir(name = 'test'): TempDir {
  const dir = mkdtempSync(path.join(tmpdir(), `rocketmq-tools-${name}-`));
  return {
    path: dir,
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

export interface TempDir {
  readonly path: string;
  remove: () => void;
}
