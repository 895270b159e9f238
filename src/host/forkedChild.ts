import type { ChildProcess } from 'node:child_process';

import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import { CodedError, errorText } from '../base/errors.ts';
import type { ErrorCode, ErrorDetails } from '../base/errors.ts';
import type { BrokerCommand } from '../broker/control.ts';

const LAST_WORDS_CHARS = 2_000;

export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what the process wrote to its standard error. */
  readonly lastWords: string;
}

export interface StartPatience {
  readonly startTimeoutMs: number;
  /** After this a process that is asked to stop is killed. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface StartCodes {
  readonly timeout: ErrorCode;
  readonly ended: ErrorCode;
  readonly details?: ErrorDetails;
}

/** Resolves with how a process ended, or that it could not be started. */
export function exitOf(child: ChildProcess): Promise<ChildExit> {
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  const exit = new Deferred<ChildExit>();
  // 'close' comes after the last of standard error, 'error' alone when the process could not be started.
  child.once('close', (exitCode, signal) => exit.resolve({ exitCode, signal, lastWords: lastWords.trim() }));
  child.once('error', (error) => {
    if (child.pid === undefined) exit.resolve({ exitCode: null, signal: null, lastWords: errorText(error) });
  });
  return exit.promise;
}

/**
 * Waits for what a process says when it is ready.
 * @throws CodedError what `ready` is rejected with, `codes.timeout`, `codes.ended`, `cancelled`; the process is gone then
 */
export async function untilReady<T>(
  child: ChildProcess,
  exit: Promise<ChildExit>,
  ready: Deferred<T>,
  codes: StartCodes,
  { startTimeoutMs, stopTimeoutMs, clock, signal }: StartPatience,
): Promise<T> {
  const { details = {} } = codes;
  void exit.then((how) => ready.reject(new CodedError(codes.ended, { ...details, ...exitDetails(how) })));
  const timer = clock.after(startTimeoutMs, () => {
    ready.reject(new CodedError(codes.timeout, { ...details, timeoutMs: startTimeoutMs }));
  });
  const cancel = () => ready.reject(new CodedError('cancelled'));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    return await ready.promise;
  } catch (error) {
    await endChild(child, exit, stopTimeoutMs, clock);
    throw error;
  } finally {
    timer.dispose();
    signal?.removeEventListener('abort', cancel);
  }
}

/** Asks a process to stop, and resolves when it is gone. */
export async function endChild(
  child: ChildProcess,
  exit: Promise<ChildExit>,
  timeoutMs: number,
  clock: Clock,
): Promise<void> {
  const timer = clock.after(timeoutMs, () => child.kill('SIGKILL'));
  const stop: BrokerCommand = { kind: 'stop' };
  // The callback takes the error of a channel that closes meanwhile: the end of the process is what is waited for.
  if (child.connected) child.send(stop, () => undefined);
  await exit;
  timer.dispose();
}

/** For an error that tells how a process ended. */
export function exitDetails({ exitCode, signal, lastWords }: ChildExit): ErrorDetails {
  return {
    ...(exitCode === null ? {} : { exitCode }),
    ...(signal === null ? {} : { signal }),
    lastWords,
  };
}
