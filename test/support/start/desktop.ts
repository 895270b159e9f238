import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { isAlive } from '../cacheLock.ts';
import { repository } from '../repository.ts';
import { startProcess } from '../runningProcess.ts';
import { serverEnvironment } from '../vscodeHost/environment.ts';
import { QUIET_SETTINGS } from '../vscodeHost/server.ts';
import { waitFor } from '../waitFor.ts';

const CLOSE_TIMEOUT_MS = 10_000;

export interface DesktopOptions {
  readonly workspace: string;
  /** Where the profile goes: the user's own settings and extensions stay out. */
  readonly profile: string;
  readonly ended: Promise<'ended'>;
}

/** Opens a window of the desktop VS Code on the PATH, until it is closed or `ended`. */
export async function openDesktop({ workspace, profile, ended }: DesktopOptions): Promise<void> {
  const userData = path.join(profile, 'user-data');
  mkdirSync(path.join(userData, 'User'), { recursive: true });
  const settings = { ...QUIET_SETTINGS, 'workbench.startupEditor': 'readme' };
  writeFileSync(path.join(userData, 'User', 'settings.json'), JSON.stringify(settings));
  const code = startProcess('code', desktopArguments(workspace, userData, profile), {
    env: serverEnvironment(),
    onOutput: (text) => process.stderr.write(text),
  });
  console.log('VS Code opens a window (Ctrl+C or closing it ends this)');
  try {
    const end = await Promise.race([ended, code.exited]);
    if (end !== 'ended' && end !== 0) throw new Error(`VS Code ended with code ${String(end)}\n${code.output()}`);
  } finally {
    await endWindow(userData);
    await code.stop();
  }
}

function desktopArguments(workspace: string, userData: string, profile: string): string[] {
  return [
    ...['--new-window', '--wait', '--disable-workspace-trust'],
    `--extensionDevelopmentPath=${repository}`,
    `--user-data-dir=${userData}`,
    `--extensions-dir=${path.join(profile, 'extensions')}`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    workspace,
  ];
}

/** The window is no child of `code`; VS Code writes the process id of its main process into its profile. */
async function endWindow(userData: string): Promise<void> {
  const lock = path.join(userData, 'code.lock');
  const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (!(pid > 0) || !isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  try {
    await waitFor('the window to close', () => !isAlive(pid), { timeoutMs: CLOSE_TIMEOUT_MS });
  } catch {
    process.kill(pid, 'SIGKILL');
  }
}
