import { ResponseCode } from '../../protocol/codes.ts';
import type { SendMessage } from '../../protocol/requests/send.ts';
import { RETRY_PREFIX, deadLetterTopic } from '../../protocol/topicName.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { FAQ_HINT } from '../reply.ts';

/** From this release on a client's own limit of redeliveries counts. */
const KNOWS_MAX_RECONSUME_TIMES = 121;

interface RetryTarget {
  readonly topic: string;
  readonly queueId: number;
  /** A dead-letter topic that did not exist before. */
  readonly newTopic: string | undefined;
  readonly toDeadLetter: boolean;
}

/** A send to %RETRY%group ends in %DLQ%group when the group's redeliveries are used up. Broker sheet §9.2. */
export function retryTarget(
  broker: BrokerContext,
  header: SendMessage,
  version: number,
  queueId: number,
): RetryTarget | { readonly refusal: Reply } {
  const group = header.topic.slice(RETRY_PREFIX.length);
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      refusal: {
        code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        remark: `subscription group not exist, ${group} ${FAQ_HINT}`,
      },
    };
  }
  const max = retryLimit(version, header.maxReconsumeTimes, settings.retryMaxTimes);
  const isUsedUp = (header.reconsumeTimes ?? 0) > max || broker.locks.isHeld(group);
  if (!isUsedUp) return { topic: header.topic, queueId, newTopic: undefined, toDeadLetter: false };
  const topic = deadLetterTopic(group);
  const { changed } = broker.topics.ensure(topic, 1);
  return { topic, queueId: 0, newTopic: changed ? topic : undefined, toDeadLetter: true };
}

/** How often a message is redelivered: as the client wants it, where its release says so, or else as the group is set. */
export function retryLimit(version: number, ofClient: number | undefined, ofGroup: number): number {
  return (version >= KNOWS_MAX_RECONSUME_TIMES ? ofClient : undefined) ?? ofGroup;
}
