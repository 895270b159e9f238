import { forEachBackend } from '../support/backends.ts';
import { delayBehaviours } from './delays.ts';
import { retryBehaviours } from './retries.ts';

forEachBackend(
  (cluster) => {
    describe('delays', () => delayBehaviours(cluster));
    describe('retries', () => retryBehaviours(cluster));
  },
  { brokerConfig: { recallMessageEnable: true } },
);
