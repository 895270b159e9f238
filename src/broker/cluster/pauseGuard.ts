import { spawn } from 'node:child_process';
import type { Disposable } from '../../base/disposable.ts';

/**
 * Wakes a process that was stopped by SIGSTOP when this one ends, however that happens: a process that is stopped does
 * not see that its parent is gone. A shell waits for the end of its input, which comes with the end of whoever holds
 * the other side; a line before it means that nobody needs it any more.
 */
export function guardPaused(pid: number): Disposable {
  const shell = spawn('/bin/sh', ['-c', 'read -r done || kill -CONT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Whatever ends the processes of a terminal must not end it first.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { dispose: () => void shell.stdin.end('done\n') };
}
