import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import { systemErrorCode } from '../../src/base/errors.ts';
import { isAlive } from './cacheLock.ts';
import { waitFor } from './waitFor.ts';

const OUTPUT_KEPT = 4_000_000;

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onOutput?: (text: string) => void;
  /** Called once when the process is gone, also when this one is interrupted; synchronous. */
  readonly cleanUp?: () => void;
  /** How long `stop` waits between asking and killing; 0 kills at once. Default 5 s. */
  readonly stopTimeoutMs?: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** Settles with the exit code when it ends, wanted or not; null after a signal. */
  readonly exited: Promise<number | null>;
  /** The last 4 million characters of standard output and error together. */
  output(): string;
  /** Waits for its output to match. Rejects with the output when the process ends first or the time is over. */
  untilOutput(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Ends the process and everything it started. */
  stop(): Promise<void>;
}

/** Starts a process in a group of its own, so that all it starts can be ended with it; ends it with this process. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const { stopTimeoutMs = 5_000 } = options;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let lines = '';
  // Whatever is written to the other meanwhile, a line stays whole.
  const unfinished = { stdout: '', stderr: '' };
  const keep = (stream: keyof typeof unfinished, text: string): void => {
    const rest = (unfinished[stream] + text).slice(-OUTPUT_KEPT);
    const end = rest.lastIndexOf('\n') + 1;
    if (end > 0) lines = (lines + rest.slice(0, end)).slice(-OUTPUT_KEPT);
    unfinished[stream] = rest.slice(end);
    options.onOutput?.(text);
  };
  const output = (): string => lines + unfinished.stdout + unfinished.stderr;
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => keep(stream, text));
  }
  let ended = false;
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      ended = true;
      resolve(code);
    });
    child.once('error', (error) => {
      // It could not be started: exit code null, and why in the output.
      keep('stderr', error.message);
      ended = true;
      resolve(null);
    });
  });
  const forget = endWithThisProcess(() => {
    killGroup(child, 'SIGKILL');
    options.cleanUp?.();
  });
  return {
    pid: child.pid ?? 0,
    exited,
    output,
    async untilOutput(pattern, timeoutMs) {
      return waitFor(
        `${command} to print ${String(pattern)}`,
        () => {
          const match = pattern.exec(output());
          if (match) return match;
          if (ended) throw new Error(`${command} ended early\n${output()}`);
          return undefined;
        },
        { timeoutMs, details: output },
      );
    },
    async stop() {
      if (!forget()) return;
      if (stopTimeoutMs > 0) {
        killGroup(child, 'SIGTERM');
        // Not only the leader: what it started ends in its own time as well.
        const gone = (): boolean => child.pid === undefined || !isAlive(-child.pid);
        await waitFor('the end', gone, { timeoutMs: stopTimeoutMs, pollMs: 20 }).catch(() => undefined);
      }
      killGroup(child, 'SIGKILL');
      await exited;
      options.cleanUp?.();
    },
  };
}

const atEnd = new Set<() => void>();

/** Calls `end` when this process ends or is interrupted. The function returned takes that back, once. */
function endWithThisProcess(end: () => void): () => boolean {
  if (atEnd.size === 0) {
    process.on('exit', endAll);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // A program that listens itself decides how it ends; `exit` comes in any case.
      if (process.listenerCount(signal) === 0) process.on(signal, onSignal);
    }
  }
  atEnd.add(end);
  return () => {
    if (!atEnd.delete(end)) return false;
    if (atEnd.size === 0) {
      process.off('exit', endAll);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
    return true;
  };
}

function endAll(): void {
  for (const end of atEnd) end();
  atEnd.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
