import { boolean, optional, string } from '../fields.ts';

/* What tools ask a broker about itself: remoting sheet §3.8. */

/** VIEW_BROKER_STATS_DATA 315. */
export const viewBrokerStats = { statsName: string, statsKey: string } as const;

/** GET_BROKER_CONSUME_STATS 317. */
export const brokerConsumeStats = { isOrder: optional(boolean) } as const;
