import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import { CodedError } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import type { ResponseParts } from '../../protocol/command.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest } from '../../protocol/grpc/rpc.ts';

/** What a client says to a command of ours. Each answer names the nonce of its question. */
type Answer = RpcRequest<'telemetry'>;

/** Source: ClientActivity.java, buildConsumeMessageDirectlyResult. */
const CONSUME_RESULTS = new Map<Code, string>([
  [Code.OK, 'CR_SUCCESS'],
  [Code.FAILED_TO_CONSUME_MESSAGE, 'CR_LATER'],
  [Code.MESSAGE_CORRUPTED, 'CR_RETURN_NULL'],
]);

/**
 * Questions to a client that wait for its answer, which becomes what a client of remoting would have said.
 * Source: ClientActivity.java, reportThreadStackTrace and reportVerifyMessageResult.
 */
export class ClientQuestions {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Deferred<ResponseParts>>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws CodedError `request-timeout`, or `connection-closed` when the client is gone */
  async ask(
    of: { readonly address: string; readonly requestCode: number; readonly timeoutMs: number },
    tell: (nonce: string) => void,
  ): Promise<ResponseParts> {
    const nonce = String(++this.#count);
    const answered = new Deferred<ResponseParts>();
    this.#waiting.set(nonce, answered);
    const timer = this.#clock.after(of.timeoutMs, () => answered.reject(new CodedError('request-timeout', of)));
    try {
      tell(nonce);
      return await answered.promise;
    } finally {
      timer.dispose();
      this.#waiting.delete(nonce);
    }
  }

  /** What nobody asked, or waits for no more, is passed over. */
  answer({ command, status }: Answer): void {
    const code = status?.code ?? Code.CODE_UNSPECIFIED;
    if (command.case === 'threadStackTrace') {
      this.#waiting.get(command.value.nonce)?.resolve(stackTrace(code, command.value.threadStackTrace ?? ''));
    } else if (command.case === 'verifyMessageResult') {
      this.#waiting.get(command.value.nonce)?.resolve(consumeResult(code));
    }
  }

  /** The client is gone. */
  fail(address: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new CodedError('connection-closed', { address }));
  }
}

function consumeResult(code: Code): ResponseParts {
  const result = {
    autoCommit: true,
    consumeResult: CONSUME_RESULTS.get(code),
    order: false,
    remark: 'from gRPC client',
    spentTimeMills: 0,
  };
  return { code: ResponseCode.SUCCESS, body: Buffer.from(stringifyFastjson(result)) };
}

function stackTrace(code: Code, jstack: string): ResponseParts {
  if (code === Code.OK) return { code: ResponseCode.SUCCESS, body: runningInfo({}, jstack) };
  if (code === Code.VERIFY_FIFO_MESSAGE_UNSUPPORTED) {
    return { code: ResponseCode.NO_PERMISSION, remark: 'forbidden to verify message' };
  }
  return { code: ResponseCode.SYSTEM_ERROR, remark: 'verify message failed' };
}

/** ConsumerRunningInfo.java, as far as it is known. */
export function runningInfo(properties: Readonly<Record<string, string>>, jstack?: string): Buffer {
  return Buffer.from(
    stringifyFastjson({ jstack, mqPopTable: {}, mqTable: {}, properties, statusTable: {}, subscriptionSet: [] }),
  );
}
