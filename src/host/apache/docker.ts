import { execFile, spawn } from 'node:child_process';

import type { Disposable } from '../../base/disposable.ts';
import { CodedError, systemErrorCode } from '../../base/errors.ts';
import { guardProcess } from '../../base/processGuard.ts';

/** Docker Desktop that is not up may let everybody wait. */
const ANSWER_TIMEOUT_MS = 10_000;
/** The image is fetched the first time. */
const UP_TIMEOUT_MS = 15 * 60_000;
const DOWN_TIMEOUT_MS = 2 * 60_000;
const OUTPUT_CHARS = 16 * 1024 * 1024;

/** What is done with a compose file. */
export type ComposeVerb = 'up' | 'down' | 'clean';

const verbs: Readonly<Record<ComposeVerb, { readonly words: readonly string[]; readonly timeoutMs: number }>> = {
  up: { words: ['up', '--detach'], timeoutMs: UP_TIMEOUT_MS },
  down: { words: ['down'], timeoutMs: DOWN_TIMEOUT_MS },
  clean: { words: ['down', '--volumes'], timeoutMs: DOWN_TIMEOUT_MS },
};

/** The version of the daemon. @throws CodedError `docker-absent`, `docker-failed` when there is none that runs compose files */
export async function askDocker(env: NodeJS.ProcessEnv): Promise<string> {
  const version = await run(['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: ANSWER_TIMEOUT_MS });
  await run(['compose', 'version'], { env, timeoutMs: ANSWER_TIMEOUT_MS });
  return version.trim();
}

/** @throws CodedError `docker-absent`, `docker-failed` with what it said, `cancelled` */
export async function compose(
  verb: ComposeVerb,
  file: string,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<void> {
  const { words, timeoutMs } = verbs[verb];
  await run(['compose', '--file', file, ...words], { env, timeoutMs, ...(signal && { signal }) });
}

export interface LogFollowing {
  readonly file: string;
  /** Of Docker's standard output and standard error. */
  readonly write: (text: string) => void;
  /** Docker follows no more: the containers have stopped, or it never began. Not after `dispose`. */
  readonly onEnd: () => void;
}

/** Writes the last lines of all containers and what comes after them, until it is disposed. */
export function followComposeLogs({ file, write, onEnd }: LogFollowing, env: NodeJS.ProcessEnv): Disposable {
  const args = ['compose', '--file', file, 'logs', '--follow', '--no-color', '--tail', '500'];
  const child = spawn('docker', args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  // Docker would follow on without anybody who reads it, after an extension host that crashed or was killed.
  const guard = child.pid === undefined ? undefined : guardProcess(child.pid, 'end');
  let isOver = false;
  const tell = (text: string) => {
    if (!isOver) write(text);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', tell);
  child.on('error', (error) => tell(`${error.message}\n`));
  child.on('close', () => {
    guard?.dispose();
    if (!isOver) onEnd();
    isOver = true;
  });
  return {
    dispose: () => {
      isOver = true;
      child.kill();
    },
  };
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

function run(args: readonly string[], { env, timeoutMs, signal }: RunOptions): Promise<string> {
  const options = {
    env,
    timeout: timeoutMs,
    maxBuffer: OUTPUT_CHARS,
    windowsHide: true,
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    execFile('docker', args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      reject(problem(args, error, stderr));
    });
  });
}

function problem(args: readonly string[], error: Error, stderr: string): CodedError {
  if (error.name === 'AbortError') return new CodedError('cancelled', {}, { cause: error });
  if (systemErrorCode(error) === 'ENOENT') return new CodedError('docker-absent', {}, { cause: error });
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '');
  const command = `docker ${args.join(' ')}`;
  return new CodedError('docker-failed', { command, reason: lines.at(-1)?.trim() ?? error.message }, { cause: error });
}
