import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClientType, LiteSubscriptionAction } from '../../../src/protocol/grpc/definition_pb.ts';
import type { OffsetOptionSchema } from '../../../src/protocol/grpc/definition_pb.ts';
import type { RpcResponse } from '../../../src/protocol/grpc/rpc.ts';
import { GROUP } from './grpcConsumer.ts';
import type { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient, TestTelemetry } from './grpcTestClient.ts';
import { consumerSettings } from './testSettings.ts';

export const LITE = 'LiteTopic';

type Answer<N extends 'sendMessage' | 'syncLiteSubscription'> = Extract<RpcResponse<N>, { $typeName: string }>;

/** With a topic of type LITE. */
export async function createLiteTopic({ broker }: GrpcTestBroker, attributes = ''): Promise<void> {
  await broker.createTopic(LITE, 2, { attributes: `+message.type=LITE${attributes}` });
}

let count = 0;

export function sendLite(
  client: GrpcTestClient,
  liteTopic: string,
  body: string,
  topic = LITE,
): Promise<Answer<'sendMessage'>> {
  return client.call('sendMessage', {
    messages: [
      { topic: { name: topic }, body: Buffer.from(body), systemProperties: { messageId: `id${count++}`, liteTopic } },
    ],
  });
}

/** A client that said it is a consumer of lite topics. */
export async function liteConsumer(
  client: GrpcTestClient,
  { group = GROUP, topic = LITE, clientType = ClientType.LITE_PUSH_CONSUMER } = {},
): Promise<TestTelemetry> {
  const stream = client.telemetry();
  stream.write(consumerSettings(group, topic, { clientType }));
  await stream.next();
  return stream;
}

interface SyncParts {
  readonly action?: LiteSubscriptionAction;
  readonly group?: string;
  readonly topic?: string;
  readonly offsetOption?: MessageInitShape<typeof OffsetOptionSchema>;
}

/** PARTIAL_ADD unless it is told otherwise. */
export function sync(
  client: GrpcTestClient,
  liteTopicSet: readonly string[],
  { action = LiteSubscriptionAction.PARTIAL_ADD, group = GROUP, topic = LITE, offsetOption }: SyncParts = {},
): Promise<Answer<'syncLiteSubscription'>> {
  return client.call('syncLiteSubscription', {
    action,
    topic: { name: topic },
    group: { name: group },
    liteTopicSet: [...liteTopicSet],
    ...(offsetOption === undefined ? {} : { offsetOption }),
  });
}
