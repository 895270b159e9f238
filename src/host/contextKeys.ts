import type { LocalBrokerState } from './localBroker.ts';

/** What `when` clauses of package.json may ask about; `src/build/checkManifest.ts` proves that they agree. */
export interface ContextValues {
  readonly 'rocketmq.localBroker.state': LocalBrokerState['kind'];
  readonly 'rocketmq.localBroker.hasFaults': boolean;
  readonly 'rocketmq.localCluster.running': boolean;
  readonly 'rocketmq.hasConnections': boolean;
}

export type ContextKey = keyof ContextValues;

export const contextKeys = [
  'rocketmq.localBroker.state',
  'rocketmq.localBroker.hasFaults',
  'rocketmq.localCluster.running',
  'rocketmq.hasConnections',
] as const satisfies readonly ContextKey[];

export type SetContext = <K extends ContextKey>(key: K, value: ContextValues[K]) => void;
