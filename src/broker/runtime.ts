import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { formatAddress } from '../remoting/address.ts';
import { startBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import { brokerConfig, nameServerConfig } from './config.ts';
import type { BrokerConfig, NameServerConfig } from './config.ts';
import { startNameServer } from './nameServer/nameServer.ts';
import type { NameServer } from './nameServer/nameServer.ts';
import { openStore } from './openStore.ts';
import { reachableHost } from './reachableHost.ts';
import type { RequestFaults } from './requestFaults.ts';
import type { GrpcOptions } from './startGrpc.ts';

export interface RuntimeOptions {
  readonly nameServer: Partial<NameServerConfig>;
  readonly broker: Partial<BrokerConfig>;
  /** Of the broker; where settings that are changed at run time are kept. */
  readonly confFile?: string | undefined;
  /** Of the broker. */
  readonly grpc?: GrpcOptions;
  readonly faults?: RequestFaults | undefined;
  /** Of the broker. */
  readonly hasVip?: boolean | undefined;
  readonly storeDirectory: string;
  /** Of messages. */
  readonly clock: Clock;
  /** Of the machine, and of its clients; default `clock`. */
  readonly steadyClock?: Clock | undefined;
  readonly logger: Logger;
}

export interface Runtime {
  readonly nameServer: NameServer;
  readonly broker: Broker;
  /** `host:port` for clients. */
  readonly nameServerAddress: string;
  stop(): Promise<void>;
}

/**
 * A NameServer and a broker in this process. The store is opened first: whoever starts the same one twice learns
 * that, and not that the ports are taken.
 * @throws CodedError as `openStore`, `startNameServer` and `startBroker`
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { clock, steadyClock = clock, logger, storeDirectory, faults } = options;
  const config = brokerConfig(options.broker);
  const store = await openStore(config, { directory: storeDirectory, clock, steadyClock, logger });
  let nameServer: NameServer;
  try {
    nameServer = await startNameServer({
      config: nameServerConfig(options.nameServer),
      storeDirectory,
      faults,
      clock: steadyClock,
      logger,
    });
  } catch (error) {
    await store.close();
    throw error;
  }
  try {
    const host = reachableHost(nameServerConfig(options.nameServer).bindAddress);
    const nameServerAddress = formatAddress({ host, port: nameServer.port });
    const broker = await startBroker({
      config,
      confFile: options.confFile,
      grpc: options.grpc,
      faults,
      hasVip: options.hasVip,
      store,
      nameServers: [nameServerAddress],
      clock,
      steadyClock,
      logger,
    });
    return {
      nameServer,
      broker,
      nameServerAddress,
      async stop() {
        try {
          await broker.stop();
        } finally {
          await nameServer.stop();
        }
      },
    };
  } catch (error) {
    await nameServer.stop();
    throw error;
  }
}
