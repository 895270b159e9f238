import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { isCodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { startListening } from '../../remoting/startListening.ts';
import { addressOf } from '../../remoting/tlsGate.ts';
import type { BrokerConfig } from '../config.ts';
import { BESIDE_LISTEN_PORT, NO_SLAVES } from '../settings/haSettings.ts';

export interface HaListener {
  readonly port: number;
  /** Takes nobody in any more; who is connected must be sent away before it resolves. */
  close(): Promise<void>;
}

/**
 * Where slaves connect, where any are served: at the port above the broker's own, or at another where that cannot be had
 * and nobody asked for it, since they learn it from the NameServer.
 * @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`
 */
export async function listenForSlaves(options: {
  readonly config: BrokerConfig;
  /** Where the broker itself listens. */
  readonly brokerPort: number;
  readonly accept: (stream: Duplex, address: string) => void;
  readonly logger: Logger;
}): Promise<HaListener | undefined> {
  const { config, brokerPort, accept, logger } = options;
  const { haListenPort, listenPort, bindAddress: host } = config;
  if (haListenPort === NO_SLAVES) return undefined;
  const isChosen = haListenPort !== BESIDE_LISTEN_PORT;
  // Beside a port that the system chose, any other may be somebody's.
  const beside = listenPort === 0 || brokerPort === 65535 ? 0 : brokerPort + 1;
  const server = createServer({ noDelay: true }, (socket) => accept(socket, addressOf(socket)));
  const port = await startListening(server, { host, port: isChosen ? haListenPort : beside }).catch(
    (error: unknown) => {
      if (isChosen || !isCodedError(error)) throw error;
      logger.warn(`slaves are served at another port than ${beside}: ${error.message}`);
      return startListening(server, { host, port: 0 });
    },
  );
  server.on('error', (error) => logger.error(`listening for slaves on port ${port} failed`, error));
  if (config.authenticationEnabled || config.aclEnable || config['tls.server.mode'] === 'enforcing') {
    logger.warn(`SLAVES ARE SERVED at ${host}:${port} without access control or TLS, as by Apache RocketMQ`);
  }
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
