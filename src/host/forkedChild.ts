import { fork } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';

import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import { Emitter } from '../base/emitter.ts';
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

/**
 * A program of ours as a child of this process: it ends when the channel to this process ends, also by a crash.
 * `T` is what it tells us.
 */
export class ForkedChild<T extends Serializable> {
  readonly exit: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #patience: StartPatience;
  readonly #ended = new Emitter<ChildExit>();
  /** It ended though nobody asked it to. */
  readonly onEnd = this.#ended.event;
  #stopping = false;

  constructor(modulePath: string, args: readonly string[], patience: StartPatience) {
    this.#patience = patience;
    this.#process = fork(modulePath, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A debugger of the extension host would otherwise wait for the child as well.
      execArgv: [],
    });
    this.exit = exitOf(this.#process);
    void this.exit.then((how) => {
      if (!this.#stopping) this.#ended.fire(how);
    });
  }

  onMessage(listener: (message: T) => void): void {
    this.#process.on('message', listener);
  }

  /** Nobody gets it when the child is gone: its end tells that. */
  send(message: Serializable): void {
    // The callback takes the error of a channel that closes meanwhile.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /**
   * Waits for what it says when it is ready.
   * @throws CodedError what `ready` is rejected with, `codes.timeout`, `codes.ended`, `cancelled`; it is gone then
   */
  async untilReady<R>(ready: Deferred<R>, codes: StartCodes): Promise<R> {
    const { startTimeoutMs, clock, signal } = this.#patience;
    const { details = {} } = codes;
    void this.exit.then((how) => ready.reject(new CodedError(codes.ended, { ...details, ...exitDetails(how) })));
    const timer = clock.after(startTimeoutMs, () => {
      ready.reject(new CodedError(codes.timeout, { ...details, timeoutMs: startTimeoutMs }));
    });
    const cancel = () => ready.reject(new CodedError('cancelled'));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    try {
      return await ready.promise;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      timer.dispose();
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Asks it to stop, kills it when it takes too long, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { stopTimeoutMs, clock } = this.#patience;
    const timer = clock.after(stopTimeoutMs, () => this.#process.kill('SIGKILL'));
    const stop: BrokerCommand = { kind: 'stop' };
    this.send(stop);
    await this.exit;
    timer.dispose();
  }
}

/** For an error that tells how a process ended. */
export function exitDetails({ exitCode, signal, lastWords }: ChildExit): ErrorDetails {
  return {
    ...(exitCode === null ? {} : { exitCode }),
    ...(signal === null ? {} : { signal }),
    lastWords,
  };
}

/** Resolves with how a process ended, or that it could not be started. */
function exitOf(child: ChildProcess): Promise<ChildExit> {
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
