import { forEachBackend } from '../support/backends.ts';
import { authBehaviours, authSettings } from './auth.ts';
import { endpointClientBehaviours } from './endpointClients.ts';

forEachBackend((cluster) => {
  describe('authentication and authorisation', () => authBehaviours(cluster));
  describe('a client of the gRPC endpoint', () => endpointClientBehaviours(cluster));
}, authSettings);
