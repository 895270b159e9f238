import { ResponseCode } from '../../protocol/codes.ts';
import type { PullMessage } from '../../protocol/requests/pull.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { isFarBehind } from './suggestedBroker.ts';

/**
 * A slave sends readers back to a master that is there, unless they read what that may have in memory no more; and it
 * corrects no offset, since it may lag. Where the master is gone, readers that are at the end are held as at a master:
 * Apache's slave has them ask again at once, for as long as it takes.
 * Source: PullMessageProcessor.composeResponseHeader, DefaultMessageStore.nextOffsetCorrection; broker sheet §6.2.
 */
export function asSlave(broker: BrokerContext, header: PullMessage, reply: Reply, lookedAt: number | undefined): Reply {
  const { config, replication, groups } = broker;
  let { code } = reply;
  const extFields = { ...reply.extFields };
  if (replication.hasMaster && !isFarBehind(broker, lookedAt)) {
    extFields['suggestWhichBrokerId'] = '0';
    if (code !== ResponseCode.SUCCESS) code = ResponseCode.PULL_RETRY_IMMEDIATELY;
  }
  if (config.offsetCheckInSlave) return { ...reply, code, extFields };
  if (code === ResponseCode.PULL_OFFSET_MOVED) {
    code = ResponseCode.PULL_RETRY_IMMEDIATELY;
    extFields['suggestWhichBrokerId'] = String(groups.get(header.consumerGroup)?.brokerId ?? 0);
  }
  if (MOVES.has(reply.code)) extFields['nextBeginOffset'] = String(header.queueOffset);
  return { ...reply, code, extFields };
}

/** Statuses for which a master would send the reader elsewhere. */
const MOVES: ReadonlySet<number> = new Set([ResponseCode.PULL_OFFSET_MOVED, ResponseCode.PULL_NOT_FOUND]);
