import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { Resource } from '../../protocol/grpc/definition_pb.ts';
import { MAX_GROUP_LENGTH, MAX_TOPIC_LENGTH, groupNameProblem, isSystemTopic } from '../../protocol/topicName.ts';
import { topicNameProblem } from '../../protocol/topicName.ts';
import { Refusal } from './refusal.ts';

const ALLOWED = '^[%|a-zA-Z0-9_-]+$';

/** The name. Source: GrpcValidator.java, Validators.java. @throws Refusal ILLEGAL_TOPIC */
export function checkTopic(topic: Resource | undefined): string {
  const name = topic?.name ?? '';
  const problem = topicNameProblem(name);
  if (problem !== undefined || name.length > MAX_TOPIC_LENGTH) {
    const text = {
      blank: 'The specified topic is blank',
      'too-long': `The specified topic is longer than topic max length ${MAX_TOPIC_LENGTH}.`,
      'illegal-characters': `The specified topic[${name}] contains illegal characters, allowing only ${ALLOWED}`,
    }[problem ?? 'too-long'];
    throw new Refusal(Code.ILLEGAL_TOPIC, text);
  }
  if (isSystemTopic(name)) throw new Refusal(Code.ILLEGAL_TOPIC, 'cannot access system topic');
  return name;
}

/** The name. @throws Refusal ILLEGAL_CONSUMER_GROUP */
export function checkGroup(group: Resource | undefined): string {
  const name = group?.name ?? '';
  const problem = groupNameProblem(name);
  if (problem !== undefined) {
    const text = {
      blank: 'the specified group is blank',
      'too-long': `the specified group[${name}] is longer than group max length: ${MAX_GROUP_LENGTH}.`,
      'illegal-characters': `the specified group[${name}] contains illegal characters, allowing only ${ALLOWED}`,
    }[problem];
    throw new Refusal(Code.ILLEGAL_CONSUMER_GROUP, text);
  }
  // Source: MixAll.java, isSysConsumerGroup.
  if (name.startsWith('CID_RMQ_SYS_')) {
    throw new Refusal(Code.ILLEGAL_CONSUMER_GROUP, 'cannot use system consumer group');
  }
  return name;
}
