import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { Code, MessageType } from '../../protocol/grpc/definition_pb.ts';
import { DEAD_LETTER_PREFIX, RETRY_PREFIX } from '../../protocol/topicName.ts';
import { Refusal } from './refusal.ts';

const { NORMAL, FIFO, DELAY, TRANSACTION, PRIORITY, LITE, MESSAGE_TYPE_UNSPECIFIED } = MessageType;

/** The attribute of a topic that says what it is for. Source: TopicAttributes.java. */
export const MESSAGE_TYPE_ATTRIBUTE = 'message.type';

/** What a topic of that type takes, in the words of a route. Source: RouteActivity.java, parseTopicMessageType. */
const ACCEPTED = new Map<string, readonly MessageType[]>([
  ['NORMAL', [NORMAL]],
  ['FIFO', [FIFO]],
  ['DELAY', [DELAY]],
  ['TRANSACTION', [TRANSACTION]],
  ['PRIORITY', [PRIORITY]],
  ['LITE', [LITE]],
  // Apache's proxy names the first four; the others came later, and MIXED does not refuse them.
  ['MIXED', [NORMAL, FIFO, DELAY, TRANSACTION, PRIORITY, LITE]],
]);

export function topicMessageType({ attributes }: Pick<TopicConfig, 'attributes'>): string {
  return attributes[MESSAGE_TYPE_ATTRIBUTE] ?? 'NORMAL';
}

/**
 * May a message of that type go to the topic? Source: DefaultTopicMessageTypeValidator.java.
 * @throws Refusal MESSAGE_PROPERTY_CONFLICT_WITH_TYPE
 */
export function checkMessageType(topic: Pick<TopicConfig, 'attributes' | 'topicName'>, type: MessageType): void {
  const expected = topicMessageType(topic);
  const isExempt = topic.topicName.startsWith(RETRY_PREFIX) || topic.topicName.startsWith(DEAD_LETTER_PREFIX);
  if (isExempt || expected === 'MIXED' || expected === MessageType[type]) return;
  throw new Refusal(
    Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    `TopicMessageType validate failed, the expected type is ${expected}, but actual type is ${MessageType[type]}`,
  );
}

export function acceptedTypes(topic: Pick<TopicConfig, 'attributes'>): readonly MessageType[] {
  return ACCEPTED.get(topicMessageType(topic)) ?? [MESSAGE_TYPE_UNSPECIFIED];
}
