import type { GrpcCall, GrpcSession } from '../../remoting/grpc/grpcCall.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { GrpcClients } from './grpcClients.ts';
import type { Renewals } from './renewals.ts';

/** What the handlers of RPCs work on: the broker, who calls, and how long that client waits. */
export interface CallContext {
  readonly broker: BrokerContext;
  readonly clients: GrpcClients;
  readonly renewals: Renewals;
  readonly call: GrpcCall;
  readonly session: GrpcSession;
  /** Empty where the client does not say who it is. */
  readonly clientId: string;
  /** Name of the client's language as its header says it, `OTHER` without one. */
  readonly language: string;
  readonly version: string;
}

/**
 * Reads who calls from the metadata. Nothing but the client id is ever required: clients differ in all other headers.
 * Source: ContextInitPipeline.java; gRPC sheet §2.1.
 */
export function callContext(
  { broker, clients, renewals }: Pick<CallContext, 'broker' | 'clients' | 'renewals'>,
  call: GrpcCall,
): CallContext {
  return {
    broker,
    clients,
    renewals,
    call,
    session: call.session,
    clientId: metadata(call, 'x-mq-client-id').trim(),
    language: metadata(call, 'x-mq-language').toUpperCase() || 'OTHER',
    version: metadata(call, 'x-mq-client-version'),
  };
}

/** Of a header that came more than once the first. */
export function metadata(call: GrpcCall, name: string): string {
  return call.header(name) ?? '';
}
