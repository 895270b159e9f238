import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import type { RunningBroker } from './control.ts';

/** Where the store is when nobody says otherwise: the user's data directory. */
export function defaultStoreDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const name = 'rocketmq-local';
  // An empty HOME would mean the directory that one happens to stand in.
  const home = path.isAbsolute(homedir()) ? homedir() : userInfo().homedir;
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), name);
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', name);
  const dataHome = env['XDG_DATA_HOME'];
  return path.join(
    dataHome !== undefined && path.isAbsolute(dataHome) ? dataHome : path.join(home, '.local', 'share'),
    name,
  );
}

/** A fresh directory and how to remove it. */
export function makeTemporaryStore(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'rocketmq-local-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Leaves `running.json` for other processes to find this broker by. */
export function writeRunning(directory: string, running: RunningBroker): void {
  const file = runningPath(directory);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(running)}\n`);
  renameSync(`${file}.tmp`, file);
}

export function removeRunning(directory: string): void {
  rmSync(runningPath(directory), { force: true });
}

/** The broker that said it runs on this store; undefined when there is none, or its file cannot be read. */
export function readRunning(directory: string): RunningBroker | undefined {
  try {
    const running: unknown = JSON.parse(readFileSync(runningPath(directory), 'utf8'));
    return typeof running === 'object' && running !== null && 'pid' in running ? (running as RunningBroker) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function runningPath(directory: string): string {
  return path.join(directory, 'running.json');
}
