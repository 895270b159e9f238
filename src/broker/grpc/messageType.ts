import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { MessageType } from '../../protocol/grpc/definition_pb.ts';

const { NORMAL, FIFO, DELAY, TRANSACTION, LITE, PRIORITY, MESSAGE_TYPE_UNSPECIFIED } = MessageType;

/** The attribute of a topic that says what it is for. Source: TopicAttributes.java. */
export const MESSAGE_TYPE_ATTRIBUTE = 'message.type';

/** What a topic of that type takes, in the words of a route. Source: RouteActivity.java, parseTopicMessageType. */
const ACCEPTED = new Map<string, readonly MessageType[]>([
  ['NORMAL', [NORMAL]],
  ['FIFO', [FIFO]],
  ['DELAY', [DELAY]],
  ['TRANSACTION', [TRANSACTION]],
  ['LITE', [LITE]],
  ['PRIORITY', [PRIORITY]],
  // Apache's proxy names the first four; the others are types of later releases, which MIXED does not refuse.
  ['MIXED', [NORMAL, FIFO, DELAY, TRANSACTION, LITE, PRIORITY]],
]);

function topicMessageType({ attributes }: Pick<TopicConfig, 'attributes'>): string {
  return attributes[MESSAGE_TYPE_ATTRIBUTE] ?? 'NORMAL';
}

export function acceptedTypes(topic: Pick<TopicConfig, 'attributes'>): readonly MessageType[] {
  return ACCEPTED.get(topicMessageType(topic)) ?? [MESSAGE_TYPE_UNSPECIFIED];
}
