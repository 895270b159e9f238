import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ConnectionPool } from './connectionPool.ts';
import type { NameServers } from './nameServer.ts';

/** What every question to one cluster needs. */
export interface ClusterContext {
  readonly pool: ConnectionPool;
  readonly nameServers: NameServers;
  /** For one request, connecting included. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}
