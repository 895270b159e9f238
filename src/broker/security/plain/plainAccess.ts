import { decodeHeartbeat } from '../../../protocol/bodies/group.ts';
import { RequestCode } from '../../../protocol/codes.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';
import { RETRY_PREFIX, retryTopic } from '../../../protocol/topicName.ts';
import { PlainPerm } from './permission.ts';

/** Only an account with `admin: true` may send these. Source: Permission.java of 4.9. */
export const ADMIN_CODES: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_BROKER_CONFIG,
  RequestCode.DELETE_TOPIC_IN_BROKER,
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  RequestCode.DELETE_SUBSCRIPTIONGROUP,
]);

/**
 * What ACL 1.0 wants a request to be permitted: permissions by topic, groups by their retry topic. Any other request
 * needs a signature only. Source: PlainAccessValidator.java of 4.9; the batch as PlainAccessResource.java of 5.2.
 * @throws CodedError when the body of a heartbeat cannot be read
 */
export function plainAccess(command: RemotingCommand): ReadonlyMap<string, number> {
  const { code, extFields } = command;
  switch (code) {
    case RequestCode.SEND_MESSAGE:
      return send(extFields['topic'], extFields['group']);
    case RequestCode.SEND_MESSAGE_V2:
    case RequestCode.SEND_BATCH_MESSAGE:
      return send(extFields['b'], extFields['a']);
    case RequestCode.CONSUMER_SEND_MSG_BACK:
      return subscribe(undefined, extFields['group']);
    case RequestCode.PULL_MESSAGE:
    case RequestCode.UPDATE_CONSUMER_OFFSET:
      return subscribe(extFields['topic'], extFields['consumerGroup']);
    case RequestCode.QUERY_MESSAGE:
      return subscribe(extFields['topic'], undefined);
    case RequestCode.UNREGISTER_CLIENT:
    case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
      return subscribe(undefined, extFields['consumerGroup']);
    case RequestCode.HEART_BEAT:
      return new Map(
        decodeHeartbeat(command.body).consumers.flatMap(({ groupName, subscriptions }) => [
          [retryTopic(groupName), PlainPerm.SUB] as const,
          ...subscriptions.map(({ topic }) => [topic, PlainPerm.SUB] as const),
        ]),
      );
    default:
      return new Map();
  }
}

function send(topic: string | undefined, group: string | undefined): ReadonlyMap<string, number> {
  if (topic?.startsWith(RETRY_PREFIX) === true) return subscribe(undefined, group);
  return topic === undefined ? new Map() : new Map([[topic, PlainPerm.PUB]]);
}

function subscribe(topic: string | undefined, group: string | undefined): ReadonlyMap<string, number> {
  const needed = new Map<string, number>();
  if (topic !== undefined) needed.set(topic, PlainPerm.SUB);
  if (group !== undefined) needed.set(retryTopic(group), PlainPerm.SUB);
  return needed;
}
