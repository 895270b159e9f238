import { forEachBackend } from '../support/backends.ts';
import { authBehaviours, authSettings } from './auth.ts';

forEachBackend((cluster) => {
  describe('authentication and authorisation', () => authBehaviours(cluster));
}, authSettings);
