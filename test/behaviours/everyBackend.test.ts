import { QUICK_CHECKS, forEachBackend } from '../support/backends.ts';
import { badRequestBehaviours } from './badRequests.ts';
import { clientQuestionBehaviours } from './clientQuestions.ts';
import { filteringBehaviours } from './filtering.ts';
import { groupBehaviours } from './groups.ts';
import { nameServerListBehaviours } from './nameServerLists.ts';
import { popBehaviours } from './popping.ts';
import { offsetBehaviours } from './offsets.ts';
import { replyBehaviours } from './replies.ts';
import { sendingBehaviours } from './sending.ts';
import { tailBehaviours } from './tailing.ts';
import { topicBehaviours } from './topics.ts';
import { transactionBehaviours } from './transactions.ts';

forEachBackend((cluster) => {
  describe('requests that make no sense', () => badRequestBehaviours(cluster));
  describe('topics', () => topicBehaviours(cluster));
  describe('sending', () => sendingBehaviours(cluster));
  describe('filtering', () => filteringBehaviours(cluster));
  describe('offsets', () => offsetBehaviours(cluster));
  describe('groups', () => groupBehaviours(cluster));
  describe('tail', () => tailBehaviours(cluster));
  describe('transactions', () => transactionBehaviours(cluster));
  describe('pop', () => popBehaviours(cluster));
  describe('replies', () => replyBehaviours(cluster));
  describe('questions', () => clientQuestionBehaviours(cluster));
  describe('a list of NameServers', () => nameServerListBehaviours(cluster));
}, QUICK_CHECKS);
