import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { CodedError, isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { BrokerReady, RunningBroker } from '../broker/control.ts';
import type { BrokerProcess, BrokerProcessOptions } from './brokerProcess.ts';
import type { ChildExit } from './forkedChild.ts';
import { isAlive, storeOwner } from './runningBroker.ts';

const START_TIMEOUT_MS = 15_000;
/** Longer than the 10 s after which the broker itself gives up an orderly end. */
const STOP_TIMEOUT_MS = 12_000;
const LOOK_PERIOD_MS = 3_000;
const LOCK_RETRY_MS = 300;

export type LocalBrokerState =
  | { readonly kind: 'stopped' | 'starting' | 'stopping' }
  /** `faults`: how many can strike. */
  | { readonly kind: 'running'; readonly info: BrokerReady; readonly faults: number }
  /** Another window's broker, on the same store. */
  | { readonly kind: 'external'; readonly info: RunningBroker };

export interface BrokerPorts {
  /** 0 takes any free port. */
  readonly nameServerPort: number;
  readonly brokerPort: number;
  readonly grpcPort: BrokerProcessOptions['grpcPort'];
}

export interface LocalBrokerOptions {
  /** Holds the store directory and the log file. */
  readonly directory: string;
  readonly modulePath: string;
  /** Whether the next start serves the control interface. */
  readonly isControlled: () => boolean;
  readonly startProcess: (options: BrokerProcessOptions) => Promise<BrokerProcess>;
  readonly findRunning: (storeDir: string) => Promise<RunningBroker | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The one local broker of this machine's user: run by this window, by another one, or by none. */
export class LocalBroker implements Disposable {
  readonly storeDir: string;
  readonly logFile: string;
  readonly #options: LocalBrokerOptions;
  #state: LocalBrokerState = { kind: 'stopped' };
  #process: BrokerProcess | undefined;
  #starting: { readonly promise: Promise<BrokerReady>; readonly abort: AbortController } | undefined;
  #stopping: Promise<void> | undefined;
  /** What the settings asked for at the last start, and what it got. */
  #last: { readonly configured: BrokerPorts; readonly used: BrokerPorts } | undefined;
  #looking: Disposable | undefined;
  readonly #changes = new Emitter<LocalBrokerState>();
  readonly #crashes = new Emitter<ChildExit>();
  readonly onDidChangeState = this.#changes.event;
  /** The broker of this window ended by itself. */
  readonly onCrash = this.#crashes.event;

  constructor(options: LocalBrokerOptions) {
    this.#options = options;
    this.storeDir = path.join(options.directory, 'localBroker');
    this.logFile = path.join(options.directory, 'localBroker.log');
  }

  get state(): LocalBrokerState {
    return this.#state;
  }

  /**
   * The ports to start on: those of the last broker while the settings ask for the same as then, so that clients find
   * it again and nobody is asked twice about a taken port.
   */
  portsFor(configured: BrokerPorts): BrokerPorts {
    const last = this.#last;
    const isAsBefore =
      last?.configured.nameServerPort === configured.nameServerPort &&
      last.configured.brokerPort === configured.brokerPort &&
      last.configured.grpcPort === configured.grpcPort;
    return isAsBefore ? last.used : configured;
  }

  /** Looks now and then whether another window's broker came up or went. */
  watch(): void {
    this.#looking ??= this.#options.clock.every(LOOK_PERIOD_MS, () => void this.look());
    void this.look();
  }

  /** Looks once; see `watch`. */
  async look(): Promise<void> {
    const before = this.#state;
    if (before.kind === 'external') {
      if (!isAlive(before.info.pid)) this.#become({ kind: 'stopped' });
      return;
    }
    if (before.kind !== 'stopped') return;
    try {
      const info = await this.#options.findRunning(this.storeDir);
      if (info !== undefined && this.#state === before) this.#become({ kind: 'external', info });
    } catch (error) {
      this.#options.logger.warn(`could not look for the local broker of another window: ${String(error)}`);
    }
  }

  /**
   * Starts the broker, or finds the one that another window runs. Calls while it starts share one start.
   * `configured` is what the settings ask for, where `ports` are others; see `portsFor`.
   * @throws CodedError see `startBrokerProcess`
   */
  start(ports: BrokerPorts, configured = ports): Promise<BrokerReady> {
    if (this.#state.kind === 'running' || this.#state.kind === 'external') return Promise.resolve(this.#state.info);
    if (this.#starting === undefined) {
      const abort = new AbortController();
      const promise = this.#start(ports, configured, abort.signal).finally(() => (this.#starting = undefined));
      this.#starting = { promise, abort };
    }
    return this.#starting.promise;
  }

  /** Resolves when the broker is gone. @throws CodedError `broker-of-other-window` */
  async stop(): Promise<void> {
    if (this.#state.kind === 'external') {
      throw new CodedError('broker-of-other-window', { pid: this.#state.info.pid });
    }
    if (this.#starting !== undefined) {
      this.#starting.abort.abort();
      // Whoever started is told why; this caller asked for it.
      await this.#starting.promise.catch(() => undefined);
    }
    this.#stopping ??= this.#stop().finally(() => (this.#stopping = undefined));
    await this.#stopping;
  }

  /** @throws CodedError as `stop` and `start` */
  async restart(ports: BrokerPorts, configured = ports): Promise<BrokerReady> {
    await this.stop();
    return this.start(ports, configured);
  }

  /**
   * Deletes all messages, topics and offsets; a running broker is stopped before.
   * @throws CodedError `broker-of-other-window` while another process runs a broker on the store, ready or not
   */
  async reset(): Promise<void> {
    await this.stop();
    const other = await this.#options.findRunning(this.storeDir);
    if (other !== undefined) {
      this.#become({ kind: 'external', info: other });
      throw new CodedError('broker-of-other-window', { pid: other.pid });
    }
    // One that is about to start or to end has the store and tells of it nowhere else.
    const pid = await storeOwner(this.storeDir);
    if (pid !== undefined) throw new CodedError('broker-of-other-window', { pid });
    await rm(this.storeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** For the end of the window: this window's broker is gone after it, another's is left alone. */
  async end(): Promise<void> {
    if (this.#state.kind !== 'external') await this.stop();
  }

  dispose(): void {
    this.#looking?.dispose();
    this.#starting?.abort.abort();
    void this.#process?.stop();
    this.#changes.dispose();
    this.#crashes.dispose();
  }

  async #stop(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#become({ kind: 'stopping' });
    await process.stop();
    this.#process = undefined;
    this.#become({ kind: 'stopped' });
  }

  async #start(ports: BrokerPorts, configured: BrokerPorts, signal: AbortSignal): Promise<BrokerReady> {
    await this.#stopping;
    this.#become({ kind: 'starting' });
    try {
      const other = await this.#findOther(signal);
      if (other !== undefined) return other;
      const info = await this.#startOwn(ports, signal);
      if (this.#state.kind === 'running') this.#last = { configured, used: portsOf(info, ports) };
      return info;
    } catch (error) {
      this.#become({ kind: 'stopped' });
      throw error;
    }
  }

  /** @throws CodedError `cancelled`, though looking would take longer */
  async #findOther(signal: AbortSignal): Promise<RunningBroker | undefined> {
    const info = await unlessAborted(signal, this.#options.findRunning(this.storeDir));
    if (info !== undefined) this.#become({ kind: 'external', info });
    return info;
  }

  async #startOwn(ports: BrokerPorts, signal: AbortSignal): Promise<BrokerReady> {
    const { clock, modulePath, isControlled, startProcess, directory } = this.#options;
    await mkdir(directory, { recursive: true });
    const deadlineMs = clock.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        const process = await startProcess({
          ...ports,
          modulePath,
          storeDir: this.storeDir,
          logFile: this.logFile,
          isControlled: isControlled(),
          startTimeoutMs: START_TIMEOUT_MS,
          stopTimeoutMs: STOP_TIMEOUT_MS,
          clock,
          signal,
        });
        process.onCrash((exit) => this.#crashed(exit));
        process.onDidChangeFaults((faults) => this.#faultsChanged(faults));
        this.#process = process;
        this.#become({ kind: 'running', info: process.info, faults: 0 });
        return process.info;
      } catch (error) {
        // Two windows started at once: the one that got the store tells its ports in a moment, or ends.
        if (!isCodedError(error, 'store-locked') || clock.now() >= deadlineMs || signal.aborted) throw error;
        await new Promise<void>((resolve) => clock.after(LOCK_RETRY_MS, resolve));
        const other = await this.#findOther(signal);
        if (other !== undefined) return other;
      }
    }
  }

  #faultsChanged(faults: number): void {
    if (this.#state.kind === 'running') this.#become({ ...this.#state, faults });
  }

  #crashed(exit: ChildExit): void {
    this.#process = undefined;
    this.#become({ kind: 'stopped' });
    this.#options.logger.warn(
      `the local broker ended: code ${exit.exitCode}, signal ${exit.signal}, ${exit.lastWords}`,
    );
    this.#crashes.fire(exit);
  }

  #become(state: LocalBrokerState): void {
    this.#state = state;
    const where = 'info' in state ? `, process ${state.info.pid}, NameServer ${state.info.namesrv}` : '';
    const struck = 'faults' in state && state.faults > 0 ? `, ${state.faults} faults` : '';
    this.#options.logger.info(`local broker: ${state.kind}${where}${struck}`);
    this.#changes.fire(state);
  }
}

/** @throws CodedError `cancelled` as soon as the signal says so */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = new Deferred<never>();
  const abort = () => aborted.reject(new CodedError('cancelled'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function portsOf({ namesrv, broker, grpc }: BrokerReady, { grpcPort }: BrokerPorts): BrokerPorts {
  const isAnyPort = grpcPort === 0 && grpc !== null;
  return {
    nameServerPort: portOf(namesrv),
    brokerPort: portOf(broker),
    grpcPort: isAnyPort ? portOf(grpc) : grpcPort,
  };
}

/** The port of `host:port`. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
