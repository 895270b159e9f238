import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import { Emitter } from '../base/emitter.ts';
import { CodedError, errorText } from '../base/errors.ts';
import type { BrokerCommand, BrokerEvent, BrokerReady } from '../broker/control.ts';

const LAST_WORDS_CHARS = 2_000;

export interface BrokerProcessOptions {
  readonly modulePath: string;
  /** 0 takes any free port. */
  readonly nameServerPort: number;
  readonly brokerPort: number;
  /** For clients of gRPC. Undefined takes Apache's 8081 where it is free, and goes without where it is not. */
  readonly grpcPort: number | 'off' | undefined;
  readonly storeDir: string;
  readonly logFile: string;
  readonly startTimeoutMs: number;
  /** After this the process is killed. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface BrokerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what the process wrote to its standard error. */
  readonly lastWords: string;
}

/** The broker as a child of this process: it ends when the channel to this process ends, also by a crash. */
export class BrokerProcess {
  readonly info: BrokerReady;
  readonly #child: ChildProcess;
  readonly #exit: Promise<BrokerExit>;
  readonly #stopTimeoutMs: number;
  readonly #clock: Clock;
  #stopping = false;
  readonly #ended = new Emitter<BrokerExit>();
  /** The process ended though nobody asked it to. */
  readonly onCrash = this.#ended.event;

  constructor(child: ChildProcess, info: BrokerReady, exit: Promise<BrokerExit>, options: BrokerProcessOptions) {
    this.#child = child;
    this.info = info;
    this.#exit = exit;
    this.#stopTimeoutMs = options.stopTimeoutMs;
    this.#clock = options.clock;
    void exit.then((how) => {
      if (!this.#stopping) this.#ended.fire(how);
    });
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await end(this.#child, this.#exit, this.#stopTimeoutMs, this.#clock);
  }
}

/**
 * Forks the broker and waits until it would accept a send.
 * @throws CodedError what the broker says (`port-in-use`, `store-locked`, …), `broker-start-timeout`, `broker-ended`,
 *   `cancelled`; the process is gone then
 */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const child = fork(options.modulePath, brokerArguments(options), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A debugger of the extension host would otherwise wait for the broker as well.
    execArgv: [],
  });
  const exit = exitOf(child);
  const ready = new Deferred<BrokerReady>();
  child.on('message', (event: BrokerEvent) => {
    if (event.kind === 'ready') ready.resolve(event.info);
    else ready.reject(new CodedError(event.code, event.details, { cause: new Error(event.message) }));
  });
  void exit.then((how) => ready.reject(endedError(how)));
  const timer = options.clock.after(options.startTimeoutMs, () => {
    ready.reject(new CodedError('broker-start-timeout', { timeoutMs: options.startTimeoutMs }));
  });
  const cancel = () => ready.reject(new CodedError('cancelled'));
  options.signal?.addEventListener('abort', cancel, { once: true });
  if (options.signal?.aborted === true) cancel();
  try {
    return new BrokerProcess(child, await ready.promise, exit, options);
  } catch (error) {
    await end(child, exit, options.stopTimeoutMs, options.clock);
    throw error;
  } finally {
    timer.dispose();
    options.signal?.removeEventListener('abort', cancel);
  }
}

function brokerArguments(options: BrokerProcessOptions): string[] {
  const { nameServerPort, brokerPort, grpcPort, storeDir, logFile } = options;
  const ports = ['--namesrv-port', String(nameServerPort), '--port', String(brokerPort)];
  if (grpcPort !== undefined) ports.push('--grpc-port', String(grpcPort));
  return ['start', ...ports, '--store', storeDir, '--log', logFile, '--json'];
}

function exitOf(child: ChildProcess): Promise<BrokerExit> {
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  const exit = new Deferred<BrokerExit>();
  // 'close' comes after the last of standard error, 'error' alone when the process could not be started.
  child.once('close', (exitCode, signal) => exit.resolve({ exitCode, signal, lastWords: lastWords.trim() }));
  child.once('error', (error) => {
    if (child.pid === undefined) exit.resolve({ exitCode: null, signal: null, lastWords: errorText(error) });
  });
  return exit.promise;
}

function endedError({ exitCode, signal, lastWords }: BrokerExit): CodedError {
  return new CodedError('broker-ended', {
    ...(exitCode === null ? {} : { exitCode }),
    ...(signal === null ? {} : { signal }),
    lastWords,
  });
}

async function end(child: ChildProcess, exit: Promise<BrokerExit>, timeoutMs: number, clock: Clock): Promise<void> {
  const timer = clock.after(timeoutMs, () => child.kill('SIGKILL'));
  const stop: BrokerCommand = { kind: 'stop' };
  // The callback takes the error of a channel that closes meanwhile: the end of the process is what is waited for.
  if (child.connected) child.send(stop, () => undefined);
  await exit;
  timer.dispose();
}
