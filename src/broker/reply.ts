import { ResponseCode } from '../protocol/codes.ts';
import type { NameProblem } from '../protocol/topicName.ts';
import { MAX_GROUP_LENGTH } from '../protocol/topicName.ts';
import type { Reply } from '../remoting/peer.ts';

export const SUCCESS: Reply = { code: 0 };

export function success(extFields: Readonly<Record<string, string>>): Reply {
  return { code: 0, extFields };
}

export function successBody(body: Buffer): Reply {
  return { code: 0, body };
}

/** Apache's brokers end some remarks with this; clients' users search for it. Source: FAQUrl.java. */
export const FAQ_HINT = '\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.';

/** Source: TopicValidator.java, validateGroup. */
export function invalidGroup(group: string, problem: NameProblem): Reply {
  const remark = {
    blank: 'The specified group is blank.',
    'illegal-characters': `The specified group: ${group}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`,
    'too-long': `The specified group: ${group}, is longer than group max length: ${MAX_GROUP_LENGTH}`,
  }[problem];
  return { code: ResponseCode.INVALID_PARAMETER, remark };
}

/** Source: TopicValidator.java. */
export function invalidTopic(topic: string, problem: NameProblem): Reply {
  const remark = {
    blank: 'The specified topic is blank.',
    'illegal-characters': `The specified topic: ${topic}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`,
    'too-long': 'The specified topic is longer than topic max length.',
  }[problem];
  return { code: ResponseCode.INVALID_PARAMETER, remark };
}
