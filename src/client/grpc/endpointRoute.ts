import { CodedError, isCodedError } from '../../base/errors.ts';
import { checkTopicName } from '../../protocol/topicName.ts';
import type { EndpointCalls } from './endpointCalls.ts';
import type { EndpointContext } from './endpointContext.ts';
import type { EndpointQueue } from './endpointModel.ts';

/** The queues of a topic. @throws CodedError `topic-name-invalid`, `topic-not-found`; as `EndpointCalls.ask` */
export async function readRoute(
  { wire, settingsOf }: EndpointContext,
  calls: EndpointCalls,
  topic: string,
): Promise<readonly EndpointQueue[]> {
  checkTopicName(topic);
  const { encodeRoute, decodeRoute } = await wire();
  const { queues } = await naming(topic, calls.ask('QueryRoute', encodeRoute(topic, settingsOf.at), decodeRoute));
  return queues;
}

/** Says of a topic that is not there which one. */
export async function naming<T>(topic: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const isUnknown = isCodedError(error, 'grpc-refused') && error.details['refusal'] === 'TOPIC_NOT_FOUND';
    throw isUnknown ? new CodedError('topic-not-found', { topic }, { cause: error }) : error;
  }
}
