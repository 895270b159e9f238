import { randomUUID } from 'node:crypto';

import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Credentials } from '../../protocol/acl.ts';
import { CLIENT_LANGUAGE } from '../../protocol/command.ts';
import { authorizationHeaders } from '../../protocol/grpc/authorization.ts';
import { GrpcStatus } from '../../protocol/grpc/grpcStatus.ts';
import type { RpcName } from '../../protocol/grpc/rpc.ts';
import type { GrpcChannel } from '../../remoting/grpc/grpcChannel.ts';
import type { GrpcClientCall } from '../../remoting/grpc/grpcClientCall.ts';
import type { Verdict } from './wire.ts';

/** As it stands in `:path`. */
type RpcTitle = Capitalize<RpcName>;

const SERVICE = 'apache.rocketmq.v2.MessagingService';

/** Endpoints treat clients in other ways that say that they are older. */
export const CLIENT_VERSION = '5.1.0';

export interface EndpointCallsOptions {
  readonly channel: GrpcChannel;
  /** Undefined for who says nothing of itself. */
  readonly credentials: () => Promise<Credentials | undefined>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface StreamOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly message: (message: Buffer) => void;
}

/** Calls of one client of an endpoint, each with the headers that say who it is. */
export class EndpointCalls {
  readonly #options: EndpointCallsOptions;
  readonly #clientId: string;

  constructor(options: EndpointCallsOptions, clientId: string) {
    this.#options = options;
    this.#clientId = clientId;
  }

  get address(): string {
    return this.#options.channel.address;
  }

  /**
   * One question, one answer.
   * @throws CodedError as `GrpcChannel.call`; `grpc-timeout`, `grpc-failed`; `grpc-refused` when the answer says no
   */
  async ask<Answer extends Verdict>(
    rpc: RpcTitle,
    request: Uint8Array,
    decode: (bytes: Uint8Array) => Answer,
    signal?: AbortSignal,
  ): Promise<Answer> {
    let answer: Answer | undefined;
    const { timeoutMs } = this.#options;
    const call = await this.begin(rpc, { timeoutMs, signal, message: (bytes) => (answer = decode(bytes)) });
    call.send(request);
    call.halfClose();
    await call.done;
    if (answer === undefined) {
      const details = { address: this.address, rpc, status: GrpcStatus.UNKNOWN, reason: 'there is no answer' };
      throw new CodedError('grpc-failed', details);
    }
    this.check(rpc, answer);
    return answer;
  }

  /** A call whose messages the caller writes. @throws CodedError as `GrpcChannel.call` */
  async begin(rpc: RpcTitle, options: StreamOptions): Promise<GrpcClientCall> {
    const { channel, credentials, clock } = this.#options;
    const known = await credentials();
    const headers = {
      'x-mq-client-id': this.#clientId,
      // Older proxies know no NODE_JS here, and fail on what they do not know; the settings say it, to all of them.
      'x-mq-language': CLIENT_LANGUAGE,
      'x-mq-client-version': CLIENT_VERSION,
      'x-mq-protocol': 'v2',
      'x-mq-request-id': randomUUID(),
      'x-mq-namespace': '',
      ...(known === undefined ? {} : authorizationHeaders(known, clock.now())),
    };
    return channel.call(`/${SERVICE}/${rpc}`, { ...options, headers });
  }

  /** @throws CodedError `grpc-refused` */
  check(rpc: RpcTitle, { refusal, reason }: Verdict): void {
    if (refusal !== undefined) throw new CodedError('grpc-refused', { address: this.address, rpc, refusal, reason });
  }
}
