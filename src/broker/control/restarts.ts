import { errorText } from '../../base/errors.ts';
import { parseAddress } from '../../remoting/address.ts';
import type { Runtime } from '../runtime.ts';
import { ControlError } from './controlError.ts';

/** Where a runtime listens that takes the place of another. */
export interface RuntimePorts {
  readonly nameServer: number;
  readonly broker: number;
  /** Undefined where gRPC was not served. */
  readonly grpc: number | undefined;
  /** Undefined where no slaves were served. */
  readonly ha: number | undefined;
  /** Was the port two below the broker's served? */
  readonly hasVip: boolean;
}

/** The runtime of now, which is stopped and started again on the same ports when its store is changed. */
export class Restarts {
  readonly #start: (ports: RuntimePorts) => Promise<Runtime>;
  readonly #ports: RuntimePorts;
  #runtime: Runtime | undefined;

  constructor(runtime: Runtime, start: (ports: RuntimePorts) => Promise<Runtime>) {
    this.#runtime = runtime;
    this.#start = start;
    const { grpcAddress, haPort, context } = runtime.broker;
    this.#ports = {
      nameServer: runtime.nameServer.port,
      broker: context.config.listenPort,
      grpc: grpcAddress === null ? undefined : parseAddress(grpcAddress).port,
      ha: haPort,
      hasVip: runtime.broker.hasVip,
    };
  }

  /** @throws ControlError 503 between two, and after a start that failed */
  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new ControlError(503, 'the broker is not up now');
    return this.#runtime;
  }

  /** Connections of clients end. Started again also when the stop or the change fails, whose error is thrown then. */
  async whileStopped(change: () => Promise<void>): Promise<void> {
    const stopped = this.#runtime;
    this.#runtime = undefined;
    let problem: unknown;
    try {
      await stopped?.stop();
      await change();
    } catch (error) {
      problem = error;
    }
    try {
      this.#runtime = await this.#start(this.#ports);
    } catch (error) {
      throw new ControlError(
        503,
        `the broker does not start again: ${errorText(problem ?? error)}; reset or restore tries once more`,
      );
    }
    if (problem !== undefined) throw problem as Error;
  }

  async stop(): Promise<void> {
    await this.#runtime?.stop();
  }
}
