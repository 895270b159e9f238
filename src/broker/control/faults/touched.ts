import { decodeHeartbeat, decodeLockRequest } from '../../../protocol/bodies/group.ts';
import { RequestCode } from '../../../protocol/codes.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';

/** Whom and what a request names. */
export interface Touched {
  readonly topics: readonly string[];
  readonly groups: readonly string[];
  readonly clientId: string | undefined;
}

/** Their headers have letters for names. Source: SendMessageRequestHeaderV2.java. */
const IN_LETTERS: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.SEND_REPLY_MESSAGE_V2,
]);

const NOTHING: Touched = { topics: [], groups: [], clientId: undefined };

export function touchedBy(command: RemotingCommand): Touched {
  try {
    return read(command);
  } catch {
    // Its handler says what is wrong with it.
    return NOTHING;
  }
}

function read({ code, extFields, body }: RemotingCommand): Touched {
  if (IN_LETTERS.has(code))
    return { topics: given(extFields['b']), groups: given(extFields['a']), clientId: undefined };
  if (code === RequestCode.HEART_BEAT) {
    const { clientId, producerGroups, consumers } = decodeHeartbeat(body);
    return {
      topics: consumers.flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic)),
      groups: [...producerGroups, ...consumers.map(({ groupName }) => groupName)],
      clientId,
    };
  }
  if (code === RequestCode.LOCK_BATCH_MQ || code === RequestCode.UNLOCK_BATCH_MQ) {
    const { consumerGroup, clientId, queues } = decodeLockRequest(body);
    return { topics: queues.map(({ topic }) => topic), groups: [consumerGroup], clientId };
  }
  return {
    topics: given(extFields['topic'] ?? extFields['originTopic']),
    groups: given(extFields['consumerGroup'], extFields['producerGroup'], extFields['group']),
    clientId: extFields['clientID'] ?? extFields['clientId'],
  };
}

function given(...names: readonly (string | undefined)[]): readonly string[] {
  return names.filter((name) => name !== undefined);
}
