import { boolean, long, optional, string } from '../fields.ts';

/* Masters and slaves: remoting sheet §3.10. */

/** EXCHANGE_BROKER_HA_INFO 906. */
export const exchangeHaInfo = { masterHaAddress: optional(string) } as const;
export const exchangeHaInfoResponse = {
  masterAddress: string,
  masterHaAddress: string,
  masterFlushOffset: long,
} as const;

/** GET_BROKER_HA_STATUS 907: ours alone counts messages too; Apache's broker reads no field. */
export const getBrokerHaStatus = { countMessages: optional(boolean) } as const;
