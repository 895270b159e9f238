import type { StoredMessage } from '../../protocol/message.ts';
import type { BrokerContext } from '../brokerContext.ts';

/** When its age begins: by the client's clock, or, where a test moves ours away from that, when it was stored. */
export function bornMs({ clock, steadyClock }: BrokerContext, half: StoredMessage): number {
  return clock === steadyClock ? half.bornTimestamp : half.storeTimestamp;
}
