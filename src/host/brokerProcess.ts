import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { Clock } from '../base/clock.ts';
import { Deferred } from '../base/deferred.ts';
import { Emitter } from '../base/emitter.ts';
import type { Event } from '../base/emitter.ts';
import { CodedError } from '../base/errors.ts';
import type { BrokerEvent, BrokerReady } from '../broker/control.ts';
import { endChild, exitOf, untilReady } from './forkedChild.ts';
import type { ChildExit, StartPatience } from './forkedChild.ts';

export interface BrokerProcessOptions extends StartPatience {
  readonly modulePath: string;
  /** 0 takes any free port. */
  readonly nameServerPort: number;
  readonly brokerPort: number;
  /** For clients of gRPC. Undefined takes Apache's 8081 where it is free, and goes without where it is not. */
  readonly grpcPort: number | 'off' | undefined;
  readonly storeDir: string;
  readonly logFile: string;
  /** Whether its control interface is served, at any free port. */
  readonly isControlled: boolean;
}

/** The broker as a child of this process: it ends when the channel to this process ends, also by a crash. */
export class BrokerProcess {
  readonly info: BrokerReady;
  readonly #child: ChildProcess;
  readonly #exit: Promise<ChildExit>;
  readonly #stopTimeoutMs: number;
  readonly #clock: Clock;
  #stopping = false;
  readonly #ended = new Emitter<ChildExit>();
  /** The process ended though nobody asked it to. */
  readonly onCrash = this.#ended.event;
  /** How many faults can strike, when that changed. */
  readonly onDidChangeFaults: Event<number>;

  constructor(
    child: ChildProcess,
    info: BrokerReady,
    exit: Promise<ChildExit>,
    onDidChangeFaults: Event<number>,
    options: BrokerProcessOptions,
  ) {
    this.#child = child;
    this.onDidChangeFaults = onDidChangeFaults;
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
    await endChild(this.#child, this.#exit, this.#stopTimeoutMs, this.#clock);
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
  const faults = new Emitter<number>();
  child.on('message', (event: BrokerEvent) => {
    if (event.kind === 'ready') ready.resolve(event.info);
    else if (event.kind === 'faults') faults.fire(event.count);
    else ready.reject(new CodedError(event.code, event.details, { cause: new Error(event.message) }));
  });
  const codes = { timeout: 'broker-start-timeout', ended: 'broker-ended' } as const;
  return new BrokerProcess(child, await untilReady(child, exit, ready, codes, options), exit, faults.event, options);
}

function brokerArguments(options: BrokerProcessOptions): string[] {
  const { nameServerPort, brokerPort, grpcPort, storeDir, logFile, isControlled } = options;
  const ports = ['--namesrv-port', String(nameServerPort), '--port', String(brokerPort)];
  if (grpcPort !== undefined) ports.push('--grpc-port', String(grpcPort));
  if (isControlled) ports.push('--control-port', '0');
  return ['start', ...ports, '--store', storeDir, '--log', logFile, '--json'];
}
