import { Deferred } from '../base/deferred.ts';
import { Emitter } from '../base/emitter.ts';
import type { Event } from '../base/emitter.ts';
import { CodedError } from '../base/errors.ts';
import type { BrokerEvent, BrokerReady } from '../broker/control.ts';
import { ForkedChild } from './forkedChild.ts';
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

/** The broker as a child of this process. */
export interface BrokerProcess {
  readonly info: BrokerReady;
  /** The process ended though nobody asked it to. */
  readonly onCrash: Event<ChildExit>;
  /** How many faults can strike, when that changed. */
  readonly onDidChangeFaults: Event<number>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * Forks the broker and waits until it would accept a send.
 * @throws CodedError what the broker says (`port-in-use`, `store-locked`, …), `broker-start-timeout`, `broker-ended`,
 *   `cancelled`; the process is gone then
 */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const child = new ForkedChild<BrokerEvent>(options.modulePath, brokerArguments(options), options);
  const ready = new Deferred<BrokerReady>();
  const faults = new Emitter<number>();
  child.onMessage((event) => {
    if (event.kind === 'ready') ready.resolve(event.info);
    else if (event.kind === 'faults') faults.fire(event.count);
    else ready.reject(new CodedError(event.code, event.details, { cause: new Error(event.message) }));
  });
  const info = await child.untilReady(ready, { timeout: 'broker-start-timeout', ended: 'broker-ended' });
  return { info, onCrash: child.onEnd, onDidChangeFaults: faults.event, stop: () => child.stop() };
}

function brokerArguments(options: BrokerProcessOptions): string[] {
  const { nameServerPort, brokerPort, grpcPort, storeDir, logFile, isControlled } = options;
  const ports = ['--namesrv-port', String(nameServerPort), '--port', String(brokerPort)];
  if (grpcPort !== undefined) ports.push('--grpc-port', String(grpcPort));
  if (isControlled) ports.push('--control-port', '0');
  return ['start', ...ports, '--store', storeDir, '--log', logFile, '--json'];
}
