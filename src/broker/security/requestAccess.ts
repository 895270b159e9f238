import { decodeHeartbeat, decodeLockRequest } from '../../protocol/bodies/group.ts';
import { RequestCode } from '../../protocol/codes.ts';
import type { RemotingCommand } from '../../protocol/command.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import { ACCESS_TABLE } from './accessTable.ts';
import type { AccessRow } from './accessTable.ts';
import type { Access } from './policy.ts';
import { groupResource, literal } from './resource.ts';
import type { Action } from './resource.ts';

/**
 * Everything that a request touches, in the order in which it is checked. A request without ext fields touches
 * nothing. Source: DefaultAuthorizationContextBuilder.java.
 * @throws CodedError when the body that names it cannot be read
 */
export function requestAccess(command: RemotingCommand, clusterName: string): readonly Access[] {
  const { code, extFields } = command;
  if (Object.keys(extFields).length === 0) return [];
  switch (code) {
    case RequestCode.SEND_MESSAGE:
      return send(extFields['topic'], extFields['group']);
    case RequestCode.SEND_MESSAGE_V2:
    case RequestCode.SEND_BATCH_MESSAGE:
      return send(extFields['b'], extFields['a']);
    case RequestCode.END_TRANSACTION:
      return isBlank(extFields['topic']) ? [] : [ofTopic(extFields['topic'], 'Pub')];
    case RequestCode.CONSUMER_SEND_MSG_BACK:
      return [ofGroup(extFields['group'], 'Sub')];
    case RequestCode.PULL_MESSAGE:
      return topicThenGroup(extFields, 'Sub');
    case RequestCode.QUERY_MESSAGE:
      return [ofTopic(extFields['topic'], 'Sub', 'Get')];
    case RequestCode.QUERY_CONSUMER_OFFSET:
      return topicThenGroup(extFields, 'Sub', 'Get');
    case RequestCode.UPDATE_CONSUMER_OFFSET:
      return topicThenGroup(extFields, 'Sub', 'Update');
    case RequestCode.UNREGISTER_CLIENT:
      return isBlank(extFields['consumerGroup']) ? [] : [ofGroup(extFields['consumerGroup'], 'Sub')];
    case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
      return [ofGroup(extFields['consumerGroup'], 'Sub', 'Get')];
    case RequestCode.HEART_BEAT:
      return decodeHeartbeat(command.body).consumers.flatMap(({ groupName, subscriptions }) => [
        ofGroup(groupName, 'Sub'),
        ...topicsOf(subscriptions),
      ]);
    case RequestCode.LOCK_BATCH_MQ:
    case RequestCode.UNLOCK_BATCH_MQ: {
      const { consumerGroup, queues } = decodeLockRequest(command.body);
      return [ofGroup(consumerGroup, 'Sub'), ...topicsOf(queues)];
    }
    default: {
      const row = ACCESS_TABLE.get(code);
      return row === undefined ? [] : byRow(row, extFields, clusterName);
    }
  }
}

/** What goes to a retry topic is sent back by the group's own consumers. */
function send(topic: string | undefined, group: string | undefined): readonly Access[] {
  return isRetry(topic) ? [ofGroup(isBlank(group) ? topic : group, 'Sub')] : [ofTopic(topic, 'Pub')];
}

function topicThenGroup(
  { topic, consumerGroup }: Readonly<Record<string, string>>,
  ...actions: readonly Action[]
): readonly Access[] {
  const group = ofGroup(consumerGroup, ...actions);
  return isRetry(topic) ? [group] : [ofTopic(topic, ...actions), group];
}

function topicsOf(named: Iterable<{ readonly topic: string }>): readonly Access[] {
  return [...named].filter(({ topic }) => !isRetry(topic)).map(({ topic }) => ofTopic(topic, 'Sub'));
}

function byRow(row: AccessRow, extFields: Readonly<Record<string, string>>, clusterName: string): readonly Access[] {
  const touched = row.fields.flatMap(({ field, type, separator }) => {
    const text = extFields[field];
    if (text === undefined) return [];
    const names = separator === undefined ? [text] : text.split(separator).filter((name) => name !== '');
    return names.map((name) => ({
      resource: type === 'Topic' && isRetry(name) ? groupResource(name) : literal(type, name),
      actions: row.actions,
    }));
  });
  if (touched.length > 0 || row.cluster === undefined) return touched;
  return [{ resource: literal('Cluster', clusterName), actions: row.actions }];
}

function ofTopic(name: string | undefined, ...actions: readonly Action[]): Access {
  return { resource: literal('Topic', String(name)), actions };
}

function ofGroup(name: string | undefined, ...actions: readonly Action[]): Access {
  return { resource: groupResource(String(name)), actions };
}

function isRetry(topic: string | undefined): boolean {
  return topic?.startsWith(RETRY_PREFIX) === true;
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}
