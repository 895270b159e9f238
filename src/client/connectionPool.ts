import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { CodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Credentials } from '../protocol/acl.ts';
import { ResponseCode } from '../protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';
import type { Connection } from '../remoting/connection.ts';
import { dial } from '../remoting/dial.ts';
import type { ClientTls } from '../remoting/dial.ts';

export interface CallOptions {
  /** For connecting and answering together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One connection an address, made when first asked for and again after it closed. */
export class ConnectionPool implements Disposable {
  readonly #connectTimeoutMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #credentials: Credentials | undefined;
  readonly #tls: ClientTls | undefined;
  readonly #open = new Map<string, Connection>();
  readonly #dialling = new Map<string, Promise<Connection>>();
  readonly #end = new AbortController();

  constructor(options: {
    readonly connectTimeoutMs: number;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly credentials?: Credentials | undefined;
    readonly tls?: ClientTls | undefined;
  }) {
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#credentials = options.credentials;
    this.#tls = options.tls;
  }

  /**
   * Sends a request and resolves with its answer, whatever the code.
   * @throws CodedError as `dial` and `Connection.request`
   */
  request(address: string, parts: RequestParts, options: CallOptions): Promise<RemotingCommand> {
    const open = this.#open.get(address);
    if (open !== undefined) return open.request(parts, options.timeoutMs, options.signal);
    return this.#connectAndRequest(address, parts, options);
  }

  /**
   * Sends a request and resolves with an answer of code 0.
   * @throws CodedError also `response-error`
   */
  async call(address: string, parts: RequestParts, options: CallOptions): Promise<RemotingCommand> {
    const answer = await this.request(address, parts, options);
    if (answer.code !== ResponseCode.SUCCESS) throw responseError(address, parts.code, answer);
    return answer;
  }

  /** Closes all connections; requests under way reject. */
  dispose(): void {
    this.#end.abort();
    for (const connection of [...this.#open.values()]) connection.dispose();
  }

  async #connectAndRequest(
    address: string,
    parts: RequestParts,
    { timeoutMs, signal }: CallOptions,
  ): Promise<RemotingCommand> {
    const startMs = this.#clock.now();
    const connection = await this.#connect(address, Math.min(timeoutMs, this.#connectTimeoutMs));
    return connection.request(parts, Math.max(1, timeoutMs - (this.#clock.now() - startMs)), signal);
  }

  /** Callers that want the same address at the same time share one attempt and its time. */
  #connect(address: string, timeoutMs: number): Promise<Connection> {
    const shared = this.#dialling.get(address);
    if (shared !== undefined) return shared;
    const attempt = dial(address, {
      clock: this.#clock,
      logger: this.#logger,
      timeoutMs,
      signal: this.#end.signal,
      credentials: this.#credentials,
      tls: this.#tls,
    })
      .then((connection) => this.#keep(address, connection))
      .finally(() => this.#dialling.delete(address));
    this.#dialling.set(address, attempt);
    return attempt;
  }

  #keep(address: string, connection: Connection): Connection {
    if (this.#end.signal.aborted) {
      connection.dispose();
      throw new CodedError('cancelled');
    }
    this.#open.set(address, connection);
    connection.onClose(() => {
      if (this.#open.get(address) === connection) this.#open.delete(address);
    });
    return connection;
  }
}

export function responseError(address: string, requestCode: number, answer: RemotingCommand): CodedError {
  return new CodedError('response-error', {
    address,
    requestCode,
    responseCode: answer.code,
    remark: answer.remark ?? '',
  });
}
