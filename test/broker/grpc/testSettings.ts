import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClientType } from '../../../src/protocol/grpc/definition_pb.ts';
import type { TelemetryCommandSchema } from '../../../src/protocol/grpc/service_pb.ts';

type Command = MessageInitShape<typeof TelemetryCommandSchema>;

/** A client's first word on its telemetry stream. */
export function producerSettings(...topics: string[]): Command {
  return {
    command: {
      case: 'settings',
      value: {
        clientType: ClientType.PRODUCER,
        pubSub: {
          case: 'publishing',
          value: { topics: topics.map((name) => ({ resourceNamespace: 'ns', name })), validateMessageType: false },
        },
      },
    },
  };
}

export function consumerSettings(
  group: string,
  topics: string | readonly string[],
  { clientType = ClientType.PUSH_CONSUMER, expression = '*' } = {},
): Command {
  return {
    command: {
      case: 'settings',
      value: {
        clientType,
        pubSub: {
          case: 'subscription',
          value: {
            group: { resourceNamespace: 'ns', name: group },
            subscriptions: [topics].flat().map((name) => ({ topic: { name }, expression: { expression } })),
          },
        },
      },
    },
  };
}
