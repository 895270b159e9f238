import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { systemErrorCode } from '../base/errors.ts';
import { startMarkIn } from '../base/startMark.ts';
import type { RunningBroker } from '../broker/control.ts';

/**
 * The broker that another window (or a shell) runs on this store: `running.json` names it, its process is alive and
 * its NameServer answers. A file left by a broker that was killed is no broker.
 */
export async function findRunningBroker(
  storeDir: string,
  answers: (nameServer: string) => Promise<boolean>,
): Promise<RunningBroker | undefined> {
  const found = await readRunningFile(storeDir);
  if (found === undefined || !isAlive(found.pid)) return undefined;
  return (await answers(found.namesrv)) ? found : undefined;
}

/** Whether a process with that id runs, as far as this user can know. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** The process that the store's file `lock` names and that lives: nobody else may touch the store. */
export function storeOwner(storeDir: string): Promise<number | undefined> {
  return livingOwner(path.join(storeDir, 'lock'));
}

/** The process that a file names by `pid` and `startMark`, if it lives. */
export async function livingOwner(file: string): Promise<number | undefined> {
  const value = await readJson(file);
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startMark = '' } = value as { readonly pid?: unknown; readonly startMark?: unknown };
  if (typeof pid !== 'number' || !isAlive(pid)) return undefined;
  // After a restart of the machine another process may have the number.
  const mark = await startMarkOf(pid);
  return mark === undefined || startMark === '' || startMark === mark ? pid : undefined;
}

/** Undefined where the system does not say. */
async function startMarkOf(pid: number): Promise<string | undefined> {
  try {
    return startMarkIn(await readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

async function readRunningFile(storeDir: string): Promise<RunningBroker | undefined> {
  const value = await readJson(path.join(storeDir, 'running.json'));
  return isRunningBroker(value) ? value : undefined;
}

/** Undefined without the file. */
async function readJson(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Undefined for text that is being written right now. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRunningBroker(value: unknown): value is RunningBroker {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, namesrv, broker } = value as Partial<Record<keyof RunningBroker, unknown>>;
  return typeof pid === 'number' && typeof namesrv === 'string' && typeof broker === 'string';
}
