import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { systemErrorCode } from '../../src/base/errors.ts';

const WAIT_MS = 10 * 60_000;

/**
 * Runs `work` while this process holds `file`, which has its process id in it; a file left by a process that is gone
 * is taken over. It saves doing the same download twice: `work` must still end well when two run at once.
 */
export async function withCacheLock<T>(file: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await acquire(file, log);
  try {
    return await work();
  } finally {
    await fs.rm(file, { force: true });
  }
}

async function acquire(file: string, log: (line: string) => void): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  let announced = false;
  while (!(await create(file))) {
    const owner = Number(await fs.readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) {
      await fs.rm(file, { force: true });
      continue;
    }
    if (performance.now() > deadlineMs) throw new Error(`waited ${WAIT_MS / 1000} s for ${file}, held by ${owner}`);
    if (!announced) log(`waiting for process ${owner}, which holds ${file}`);
    announced = true;
    await delay(250);
  }
}

async function create(file: string): Promise<boolean> {
  try {
    await fs.writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** For a negative number: whether anything of that process group is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
