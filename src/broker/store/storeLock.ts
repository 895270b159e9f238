import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, systemErrorCode } from '../../base/errors.ts';
import type { Disposable } from '../../base/disposable.ts';
import { startMarkOf } from '../processMark.ts';
import { makeDirectories } from '../makeDirectories.ts';

interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same pid; empty where the system does not say. */
  readonly startMark: string;
}

/**
 * Only one process writes a store. The file `lock` names it and appears whole, by a link; what a dead process left
 * behind is moved aside and looked at once more, so that of two who come at once only one gets in.
 * @throws CodedError `store-locked` with directory and pid
 */
export function lockStore(directory: string): Disposable {
  const path = join(directory, 'lock');
  const own = `${path}.${process.pid}`;
  makeDirectories(directory);
  writeFileSync(own, JSON.stringify({ pid: process.pid, startMark: startMarkOf(process.pid) } satisfies Owner));
  try {
    while (!tryLink(own, path)) removeStale(directory, path);
    return { dispose: () => unlinkSync(path) };
  } finally {
    unlinkSync(own);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Returns when the file is gone. @throws CodedError `store-locked` while its owner lives */
function removeStale(directory: string, path: string): void {
  refuseIfAlive(directory, path);
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    refuseIfAlive(directory, aside);
  } catch (error) {
    tryLink(aside, path);
    throw error;
  } finally {
    unlinkSync(aside);
  }
}

function refuseIfAlive(directory: string, path: string): void {
  const owner = readOwner(path);
  if (owner !== undefined && isAlive(owner)) throw new CodedError('store-locked', { directory, pid: owner.pid });
}

/** Undefined for a file that names no process: one of Apache's broker, which locks it otherwise, or a torn one. */
function readOwner(path: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof owner !== 'object' || owner === null) return undefined;
    const { pid, startMark } = owner as Partial<Owner>;
    return typeof pid === 'number' && typeof startMark === 'string' ? { pid, startMark } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive({ pid, startMark }: Owner): boolean {
  if (pid === process.pid) return startMark === startMarkOf(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  const mark = startMarkOf(pid);
  return mark === '' || startMark === '' || mark === startMark;
}
