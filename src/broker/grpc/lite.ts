import { ClientType } from '../../protocol/grpc/definition_pb.ts';

export function isLite(clientType: ClientType | undefined): boolean {
  return clientType === ClientType.LITE_PUSH_CONSUMER || clientType === ClientType.LITE_SIMPLE_CONSUMER;
}
