import type { Clock } from '../base/clock.ts';
import { isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { AnswerHook, RequestHandler } from '../remoting/peer.ts';
import { listen } from '../remoting/server.ts';
import type { RemotingServer } from '../remoting/server.ts';
import { vipHandler } from './brokerRouter.ts';
import type { BrokerConfig } from './config.ts';
import { serverTls } from './security/tls.ts';

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
  const main = await listen({ ...shared, port, handle });
  if (port < 3 || !hasVip) return [main];
  try {
    return [main, await listen({ ...shared, port: port - 2, handle: vipHandler(handle) })];
  } catch (error) {
    if (!isCodedError(error)) throw error;
    logger.warn(`port ${port - 2} for clients of old releases is not served: ${error.message}`);
    return [main];
  }
}

export async function closeAll(servers: readonly RemotingServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}
