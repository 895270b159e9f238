import type { Clock } from '../base/clock.ts';
import { isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { AnswerHook, RequestHandler } from '../remoting/peer.ts';
import { listen } from '../remoting/server.ts';
import type { RemotingServer } from '../remoting/server.ts';
import { vipHandler } from './brokerRouter.ts';
import type { BrokerConfig } from './config.ts';
import { serverTls } from './security/tls.ts';

const MORE_CHOICES = 5;

/** The port, and the one two below it that older clients and slaves use (broker sheet §20, 12) where it is free. */
export async function listenBoth(
  parts: {
    readonly config: BrokerConfig;
    readonly hasVip?: boolean | undefined;
    readonly answering?: AnswerHook | undefined;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  handle: RequestHandler,
): Promise<RemotingServer[]> {
  const { config, hasVip = true, answering, clock, logger } = parts;
  const idleTimeoutMs = config.serverChannelMaxIdleTimeSeconds * 1000;
  const { bindAddress: host, listenPort: port } = config;
  const tls = serverTls(config, { clock, logger });
  const shared = { host, answering, clock, logger, idleTimeoutMs, tls };
  const listenAt = async (mainPort: number): Promise<RemotingServer[]> => {
    const main = await listen({ ...shared, port: mainPort, handle });
    if (main.port < 3 || !hasVip) return [main];
    try {
      return [main, await listen({ ...shared, port: main.port - 2, handle: vipHandler(handle) })];
    } catch (error) {
      if (!isCodedError(error)) throw error;
      logger.warn(`port ${main.port - 2} for clients of old releases is not served: ${error.message}`);
      return [main];
    }
  };
  let servers = await listenAt(port);
  // The system does not choose pairs: it is asked again while the one below is somebody's.
  for (let more = MORE_CHOICES; port === 0 && hasVip && servers.length === 1 && more > 0; more -= 1) {
    const taken = servers;
    // Held until the next is chosen, so that it is another.
    servers = await listenAt(port).finally(() => closeAll(taken));
  }
  return servers;
}

export async function closeAll(servers: readonly RemotingServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}
