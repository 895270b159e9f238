import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Browser } from 'playwright-core';

import { isAlive } from '../../support/cacheLock.ts';
import { repository } from '../../support/repository.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { launchBrowser, newPage } from '../../support/vscodeHost/browser.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { waitFor } from '../../support/waitFor.ts';

const BROKER = /dist[\\/]broker\.cjs/;
const START = ['--import', 'tsx', path.join(repository, 'test', 'support', 'start.ts')];

describe('npm start', () => {
  it('with --web serves the sample workspace and its local broker, and Ctrl+C leaves no process behind', async () => {
    const args = [...START, '--web', '--free-ports', `--vscode=${versionFromEnvironment()}`];
    const start = startProcess(process.execPath, args, { cwd: repository });
    try {
      const address = (await start.untilOutput(/VS Code is at (\S+)/, 120_000))[1] ?? '';
      let family: number[] = [];
      const browser = await launchBrowser();
      try {
        await showSample(browser, address);
        await waitFor('the local broker', () => descendants(start.pid).some(({ command }) => BROKER.test(command)), {
          timeoutMs: 60_000,
        });
        family = descendants(start.pid).map(({ pid }) => pid);
      } finally {
        await browser.close();
      }

      process.kill(start.pid, 'SIGINT');
      assert.equal(await start.exited, 0);
      // The system may take a moment to bury them.
      await waitFor('all of them to be gone', () => !family.some(isAlive), { timeoutMs: 5_000 });
    } finally {
      await start.stop();
    }
  });

  it('opens the desktop "code" that is on the PATH, and Ctrl+C ends the window', async () => {
    const dir = makeTempDir('desktop');
    // Stands for the desktop: notes its arguments, and its window is a process of its own, named in the profile.
    const script = `#!/bin/sh
      for argument; do case $argument in --user-data-dir=*) profile=\${argument#*=};; esac; done
      sleep 600 & echo $! > "$profile/code.lock"
      printf '%s\\n' "$@" > "$NOTES.part" && cp "$profile/code.lock" "$NOTES.pid" && mv "$NOTES.part" "$NOTES"
      wait`;
    const notes = path.join(dir.path, 'notes');
    mkdirSync(path.join(dir.path, 'bin'));
    writeFileSync(path.join(dir.path, 'bin', 'code'), script, { mode: 0o755 });
    const env = {
      ...process.env,
      VSCODE_IPC_HOOK_CLI: undefined,
      PATH: `${path.join(dir.path, 'bin')}:${process.env['PATH'] ?? ''}`,
      NOTES: notes,
    };
    const start = startProcess(process.execPath, START, { cwd: repository, env });
    try {
      await waitFor('the window', () => existsSync(notes), { timeoutMs: 30_000, details: () => start.output() });
      const given = readFileSync(notes, 'utf8').trim().split('\n');
      const workspace = given.at(-1) ?? '';
      assert.ok(given.includes('--new-window') && given.includes('--wait'));
      assert.ok(given.includes(`--extensionDevelopmentPath=${repository}`));
      assert.match(readFileSync(path.join(workspace, '.vscode', 'settings.json'), 'utf8'), /autoStart": true/);
      const windowPid = Number(readFileSync(`${notes}.pid`, 'utf8'));
      assert.ok(isAlive(windowPid));

      process.kill(start.pid, 'SIGINT');
      assert.equal(await start.exited, 0);
      await waitFor('the window to be gone', () => !isAlive(windowPid));
      assert.ok(!existsSync(workspace), 'the copy of the workspace is removed');
    } finally {
      await start.stop();
      dir.remove();
    }
  });
});

async function showSample(browser: Browser, address: string): Promise<void> {
  const page = await newPage(browser);
  await page.goto(address, { timeout: 60_000 });
  const files = page.locator('.explorer-folders-view [role=treeitem] .label-name');
  await files.filter({ hasText: 'OrderProducer.java' }).waitFor({ timeout: 60_000 });
}

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The processes that this one started, and that those started. */
function descendants(pid: number): Process[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = rows.flatMap((row) => {
    const [, child, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
    return child === undefined ? [] : [{ pid: Number(child), parent: Number(parent), command }];
  });
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}
