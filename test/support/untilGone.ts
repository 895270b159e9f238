import { readFileSync } from 'node:fs';
import { isAlive } from './cacheLock.ts';
import { waitFor } from './waitFor.ts';

const TIMEOUT_MS = 60_000;

export async function untilGone(pids: readonly number[]): Promise<void> {
  await waitFor('the end of every process', () => !pids.some(runs), {
    timeoutMs: TIMEOUT_MS,
    details: () => `${pids.filter(runs).join(', ')} still run`,
  });
}

/** A process whose parent did not fetch its exit code has ended all the same. */
function runs(pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === false;
  } catch {
    return false;
  }
}
