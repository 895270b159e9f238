import { spawn } from 'node:child_process';
import type { Disposable } from './disposable.ts';

/** What becomes of the process `$0`. */
const COMMANDS = {
  /** One that was stopped by SIGSTOP, and so does not see that its parent is gone. */
  wake: 'kill -CONT "$0"',
  /** One that cannot see whether its parent is there. It has 30 s to end in order. */
  end: `kill -TERM "$0"; kill -CONT "$0"
    left=30; while kill -0 "$0" 2>/dev/null; do
      [ $left -gt 0 ] || { kill -KILL "$0"; exit; }; sleep 1; left=$((left - 1))
    done`,
} as const;

/**
 * Wakes or ends a process when this one ends, however that happens. A shell waits for the end of its input, which comes
 * with the end of whoever holds the other side; a line before it means that nobody needs it any more.
 */
export function guardProcess(pid: number, what: keyof typeof COMMANDS): Disposable {
  // There Node keeps its children in a job, which the system ends with it.
  if (process.platform === 'win32') return { dispose: () => undefined };
  const shell = spawn('/bin/sh', ['-c', `read -r done || { ${COMMANDS[what]}; }`, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Whatever ends the processes of a terminal must not end it first.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { dispose: () => void shell.stdin.end('done\n') };
}
