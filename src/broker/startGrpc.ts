import { isCodedError } from '../base/errors.ts';
import type { BrokerContext } from './brokerContext.ts';
import type { GrpcEndpoint } from './grpc/endpoint.ts';
import type { RequestFaults } from './requestFaults.ts';
import { GRPC_OFF } from './settings/grpcSettings.ts';

export interface GrpcOptions {
  readonly load: () => Promise<(context: BrokerContext, faults?: RequestFaults) => Promise<GrpcEndpoint>>;
  /** A port that is taken is no reason not to start. */
  readonly isOptional?: boolean;
}

/** @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`, `config-invalid` */
export async function startGrpc(
  context: BrokerContext,
  { grpc, faults }: { readonly grpc?: GrpcOptions | undefined; readonly faults?: RequestFaults | undefined },
): Promise<GrpcEndpoint | undefined> {
  const { grpcServerPort } = context.config;
  if (grpcServerPort === GRPC_OFF || grpc === undefined) return undefined;
  const start = await grpc.load();
  try {
    return await start(context, faults);
  } catch (error) {
    if (grpc.isOptional !== true || !isCodedError(error, 'port-in-use')) throw error;
    context.logger.warn(`gRPC IS NOT SERVED: port ${grpcServerPort} is in use; --grpc-port chooses another, or off`);
    return undefined;
  }
}
