import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../../base/errors.ts';
import { ControlError, badRequest } from '../controlError.ts';
import { sparseCopy } from './sparseCopy.ts';

/** What a broker and a NameServer keep; the rest of the directory is not theirs, or belongs to the process. */
const KEPT = ['commitlog', 'consumequeue', 'index', 'checkpoint', 'config', 'timerlog', 'timerwheel', 'namesrv'];
/** Clients may have been told to trust what is in there. */
const IDENTITY = 'tls';
const SNAPSHOTS = path.join('control', 'snapshots');
const MAX_SNAPSHOTS = 100;

export interface SnapshotInfo {
  /** How far the clock of messages was before the machine's. */
  readonly aheadMs: number;
}

/** Empties the store of a broker that is stopped. */
export async function emptyStore(directory: string): Promise<void> {
  for (const name of KEPT) {
    if (name !== 'config') await rm(path.join(directory, name), { recursive: true, force: true });
  }
  for (const name of await namesIn(path.join(directory, 'config'))) {
    if (name !== IDENTITY) await rm(path.join(directory, 'config', name), { recursive: true, force: true });
  }
}

/** Keeps the store of a broker that is stopped under a name, instead of what had the name before. */
export async function takeSnapshot(directory: string, name: string, info: SnapshotInfo): Promise<void> {
  const target = snapshotPath(directory, name);
  const names = await snapshotNames(directory);
  if (!names.includes(name) && names.length >= MAX_SNAPSHOTS) {
    throw new ControlError(409, `there are ${MAX_SNAPSHOTS} snapshots already; delete some`);
  }
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await copyKept(directory, unfinished);
  await writeFile(path.join(unfinished, 'snapshot.json'), JSON.stringify(info));
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
}

/** @throws ControlError 404 */
export async function snapshotInfo(directory: string, name: string): Promise<SnapshotInfo> {
  try {
    return JSON.parse(
      await readFile(path.join(snapshotPath(directory, name), 'snapshot.json'), 'utf8'),
    ) as SnapshotInfo;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new ControlError(404, `there is no snapshot ${name}`, await snapshotNames(directory));
  }
}

/** Puts a snapshot, which stays, in the place of the store of a broker that is stopped. */
export async function restoreSnapshot(directory: string, name: string): Promise<void> {
  await emptyStore(directory);
  await copyKept(snapshotPath(directory, name), directory);
}

export async function deleteSnapshot(directory: string, name: string): Promise<void> {
  await snapshotInfo(directory, name);
  await rm(snapshotPath(directory, name), { recursive: true, force: true });
}

export async function snapshotNames(directory: string): Promise<string[]> {
  return (await namesIn(path.join(directory, SNAPSHOTS))).filter((name) => !name.endsWith('.unfinished')).sort();
}

/** @throws ControlError */
export function checkSnapshotName(name: string | undefined): string {
  if (name !== undefined && /^[\w-]{1,64}$/.test(name)) return name;
  throw badRequest('a snapshot needs a "name" of at most 64 letters, digits, _ and -');
}

async function copyKept(from: string, to: string): Promise<void> {
  const there = await namesIn(from);
  for (const name of KEPT) if (there.includes(name)) await sparseCopy(path.join(from, name), path.join(to, name));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function snapshotPath(directory: string, name: string): string {
  return path.join(directory, SNAPSHOTS, checkSnapshotName(name));
}
