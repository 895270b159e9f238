import { forEachBackend } from '../support/backends.ts';
import { nameServerListBehaviours } from './nameServerLists.ts';
import { sendingBehaviours } from './sending.ts';
import { tailBehaviours } from './tailing.ts';
import { topicBehaviours } from './topics.ts';

forEachBackend((cluster) => {
  describe('topics', () => topicBehaviours(cluster));
  describe('sending', () => sendingBehaviours(cluster));
  describe('tail', () => tailBehaviours(cluster));
  describe('a list of NameServers', () => nameServerListBehaviours(cluster));
});
