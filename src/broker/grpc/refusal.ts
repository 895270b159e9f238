import { Code } from '../../protocol/grpc/definition_pb.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import type { Reply } from '../../remoting/peer.ts';

/** The `status` of an answer. */
export interface RpcStatus {
  readonly code: Code;
  readonly message: string;
}

export const OK: RpcStatus = { code: Code.OK, message: 'OK' };

/** A request that is answered with this code; the call itself ends well. */
export class Refusal extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }

  get status(): RpcStatus {
    return { code: this.code, message: this.message };
  }
}

/** Source: ResponseBuilder.java. */
const CODES = new Map<number, Code>([
  [ResponseCode.SUCCESS, Code.OK],
  [ResponseCode.SYSTEM_BUSY, Code.TOO_MANY_REQUESTS],
  [ResponseCode.REQUEST_CODE_NOT_SUPPORTED, Code.NOT_IMPLEMENTED],
  [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, Code.CONSUMER_GROUP_NOT_FOUND],
  [ResponseCode.TOPIC_NOT_EXIST, Code.TOPIC_NOT_FOUND],
]);

/** What an answer of the remoting side means here. */
export function statusOf({ code, remark }: Pick<Reply, 'code' | 'remark'>): RpcStatus {
  return { code: CODES.get(code) ?? Code.INTERNAL_SERVER_ERROR, message: remark ?? String(code) };
}

/** The same, to be thrown. */
export function refusalOf(reply: Pick<Reply, 'code' | 'remark'>): Refusal {
  const { code, message } = statusOf(reply);
  return new Refusal(code, message);
}
