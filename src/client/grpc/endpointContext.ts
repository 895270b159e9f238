import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Address } from '../../remoting/address.ts';
import type { EndpointCalls } from './endpointCalls.ts';
import type * as Wire from './wire.ts';

/** What every question to one endpoint needs. */
export interface EndpointContext {
  /** A client with an id of its own: an endpoint knows one client as one member of one group. */
  readonly newClient: () => EndpointCalls;
  /** The bytes of the protocol, loaded with the first call. */
  readonly wire: () => Promise<typeof Wire>;
  readonly settingsOf: { readonly at: Address; readonly requestTimeoutMs: number; readonly version: string };
  /** For one call, connecting included. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}
