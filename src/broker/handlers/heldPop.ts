import { errorText } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';

/** A held request is answered so long before its time is over. Source: PopRequest.java. */
export const AHEAD_MS = 50;
/** As for pulls: an idle connection is closed after this time. */
export const MAX_POLL_MS = 120_000;

/** When a request was made, by its client's clock; a client that does not say it, or whose clock is fast, means now. */
export function bornTimeOf(
  { steadyClock }: BrokerContext,
  { bornTime }: { readonly bornTime?: number | undefined },
): number {
  return bornTime === undefined || bornTime === 0 ? steadyClock.now() : Math.min(bornTime, steadyClock.now());
}

/** Answers a request that was held, unless it is held once more. */
export async function answerLate(
  broker: BrokerContext,
  { command, connection }: IncomingRequest,
  answer: () => Reply | undefined | Promise<Reply | undefined>,
): Promise<void> {
  if (!connection.isOpen) return;
  try {
    const reply = await answer();
    if (reply !== undefined) connection.respond(command, reply);
  } catch (error) {
    connection.respond(command, { code: ResponseCode.SYSTEM_ERROR, remark: errorText(error) });
    broker.logger.error(`a held request of ${connection.remoteAddress} failed`, error);
  }
}
