import { ClientType, Code } from '../../protocol/grpc/definition_pb.ts';
import { Refusal } from './refusal.ts';

/*
 * Lite topics are not there: they need queues of their own in the store, which Apache's broker makes only with
 * `enableLmq`. No route or settings promise them, and whoever comes for them is told so. Source: gRPC sheet §3.9.
 */

/** @throws Refusal UNRECOGNIZED_CLIENT_TYPE, as releases without lite topics say it */
export function refuseLiteClient(clientType: ClientType | undefined): void {
  if (clientType !== ClientType.LITE_PUSH_CONSUMER && clientType !== ClientType.LITE_SIMPLE_CONSUMER) return;
  throw new Refusal(Code.UNRECOGNIZED_CLIENT_TYPE, `${ClientType[clientType]}: lite topics are not served`);
}

const MAX_BYTES = 64;

/** @throws Refusal ILLEGAL_LITE_TOPIC, NOT_IMPLEMENTED. Source: GrpcValidator.java of 5.5.0. */
export function refuseLiteTopic(name: string): void {
  if (name === '') return;
  if (name.trim() === '') throw illegal('cannot be the char sequence of whitespace');
  if (Buffer.byteLength(name) > MAX_BYTES) throw illegal(`exceed the max size ${MAX_BYTES}`);
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw illegal('can only contain alphanumeric characters, hyphens(-), and underscores(_)');
  }
  throw new Refusal(Code.NOT_IMPLEMENTED, 'lite topics are not served');
}

function illegal(problem: string): Refusal {
  return new Refusal(Code.ILLEGAL_LITE_TOPIC, `lite topic ${problem}`);
}
