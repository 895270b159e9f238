import { formatAddress } from '../../remoting/address.ts';
import { serveGrpc } from '../../remoting/grpc/grpcServer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { RequestFaults } from '../requestFaults.ts';
import { serverTls } from '../security/tls.ts';
import { keptIdentity } from '../security/keptIdentity.ts';
import { dispatcher } from './dispatch.ts';
import { GrpcClients } from './grpcClients.ts';
import { Renewals } from './renewals.ts';

export interface GrpcEndpoint {
  /** `host:port` that clients are told. */
  readonly address: string;
  readonly clients: GrpcClients;
  /** Ends all calls and connections; no client is known afterwards. */
  stop(): Promise<void>;
}

/**
 * Serves MessagingService v2 on one port, by TLS and in plaintext.
 * @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`, `config-invalid`
 */
export async function startGrpcEndpoint(broker: BrokerContext, faults?: RequestFaults): Promise<GrpcEndpoint> {
  const { config, steadyClock: clock, logger, store } = broker;
  const clients = new GrpcClients({ clock, logger });
  const renewals = new Renewals(broker);
  const server = await serveGrpc({
    host: config.bindAddress,
    port: config.grpcServerPort,
    clock,
    logger,
    handle: dispatcher({ broker, clients, renewals }, faults),
    maxMessageBytes: config.grpcMaxInboundMessageSize,
    maxUnreadBytes: config.grpcMaxUnreadBytes,
    idleTimeoutMs: config.grpcClientIdleTimeMills,
    tls: serverTls(config, { clock, logger, testIdentity: () => keptIdentity(store.directory, { clock, logger }) }),
  });
  const address = formatAddress({ host: config.brokerIP1, port: server.port });
  logger.info(`gRPC is served at ${address}`);
  return {
    address,
    clients,
    async stop() {
      await server.close();
      renewals.dispose();
      clients.dispose();
    },
  };
}
