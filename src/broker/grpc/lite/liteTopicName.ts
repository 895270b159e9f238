import { Code } from '../../../protocol/grpc/definition_pb.ts';
import { hasLiteLetters } from '../../../protocol/liteTopic.ts';
import type { BrokerConfig } from '../../config.ts';
import { Refusal } from '../refusal.ts';

/** Source: GrpcValidator.java of 5.5.0, validateLiteTopic. @throws Refusal ILLEGAL_LITE_TOPIC */
export function checkLiteTopic(name: string, { maxLiteTopicSize }: Pick<BrokerConfig, 'maxLiteTopicSize'>): void {
  if (name.trim() === '') throw illegal('lite topic cannot be the char sequence of whitespace');
  if (Buffer.byteLength(name) > maxLiteTopicSize) throw illegal(`lite topic exceed the max size ${maxLiteTopicSize}`);
  if (!hasLiteLetters(name)) {
    throw illegal('lite topic can only contain alphanumeric characters, hyphens(-), and underscores(_)');
  }
}

function illegal(message: string): Refusal {
  return new Refusal(Code.ILLEGAL_LITE_TOPIC, message);
}
