import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { startListening } from '../../remoting/startListening.ts';
import type { ControlAccess } from '../control.ts';
import type { RequestFaults } from '../requestFaults.ts';
import type { Runtime } from '../runtime.ts';
import { AdjustableClock } from './clock/adjustableClock.ts';
import { clockRoutes } from './clock/clockRoutes.ts';
import { serveControl } from './controlServer.ts';
import { faultRoutes } from './faults/faultRoutes.ts';
import { Faults } from './faults/faults.ts';
import { Restarts } from './restarts.ts';
import type { RuntimePorts } from './restarts.ts';
import { stateRoutes } from './state/stateRoutes.ts';
import { Turns } from './turns.ts';

export interface ControlledOptions {
  /** Of the control interface; 0 takes any free one. */
  readonly port: number;
  readonly storeDirectory: string;
  /** Of the bundle that starts this one, which has to know its errors. */
  readonly listen: typeof startListening;
  /** Of the machine. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told how many faults can strike, when that changed. */
  readonly faultsChanged: (count: number) => void;
  /** Starts what is controlled. */
  readonly start: (parts: ControlledParts) => Promise<Runtime>;
}

/** What a runtime takes from its controller. */
export interface ControlledParts {
  /** Where it is to listen in the place of one before. */
  readonly ports: RuntimePorts | undefined;
  readonly faults: RequestFaults;
  /** Of messages. */
  readonly clock: Clock;
  /** Of the machine. */
  readonly steadyClock: Clock;
}

export interface Controlled {
  readonly runtime: Runtime;
  readonly access: ControlAccess;
  stop(): Promise<void>;
}

/**
 * A NameServer and broker whose faults, time and store other programs of this machine set.
 * @throws CodedError as `startRuntime`; `port-in-use`, `port-not-permitted` of the control port
 */
export async function startControlled(options: ControlledOptions): Promise<Controlled> {
  const { port, listen, storeDirectory, clock: steadyClock, logger, faultsChanged, start } = options;
  const faults = new Faults(steadyClock);
  faults.list.onDidChangeCount(faultsChanged);
  const clock = new AdjustableClock(steadyClock);
  const startAt = (ports: RuntimePorts | undefined): Promise<Runtime> => start({ ports, faults, clock, steadyClock });
  const runtime = await startAt(undefined);
  const restarts = new Restarts(runtime, startAt);
  const turns = new Turns();
  const routes = [
    ...faultRoutes(faults.list, () => restarts.runtime.broker.grpcAddress !== null),
    ...clockRoutes({ clock, steadyClock, turns, runtime: () => restarts.runtime }),
    ...stateRoutes({ storeDirectory, clock, steadyClock, faults: faults.list, turns, restarts }),
  ];
  try {
    const server = await serveControl({ port, listen, routes, logger });
    logger.info(`the control interface is served at ${server.access.url}`);
    return {
      runtime,
      access: server.access,
      async stop() {
        const turnsEnd = turns.end();
        await server.close();
        await turnsEnd;
        faults.dispose();
        await restarts.stop();
      },
    };
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}
