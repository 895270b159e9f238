import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { gunzipSync } from 'node:zlib';

import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import { GrpcFrameSplitter, encodeGrpcFrame } from '../../protocol/grpc/grpcFrame.ts';
import { GrpcStatus, decodeGrpcMessage } from '../../protocol/grpc/grpcStatus.ts';

export interface ClientCallOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Given to the server too; without it the call lasts until either side ends it. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes the answers, one after the other. Throwing ends the call. */
  readonly message: (message: Buffer) => void;
}

interface CallOptions extends ClientCallOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly maxMessageBytes: number;
  /** The deadline passed, and the server had said nothing of this call. */
  readonly unanswered: () => void;
}

/** Eight digits, as PROTOCOL-HTTP2.md has it. */
const MAX_TIMEOUT_MS = 99_999_999;

/** One call of ours. It ends by the server's last word, by its deadline, or by being cancelled. */
export class GrpcClientCall {
  /** Resolves when the server ended it well. */
  readonly done: Promise<void>;
  readonly #stream: ClientHttp2Stream;
  readonly #path: string;
  readonly #options: CallOptions;
  readonly #end = new Deferred<void>();
  readonly #splitter: GrpcFrameSplitter;
  readonly #timer: Disposable | undefined;
  #headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  #failure: CodedError | undefined;

  constructor(session: ClientHttp2Session, path: string, options: CallOptions) {
    const { clock, headers, timeoutMs, signal } = options;
    this.done = this.#end.promise;
    this.#path = path;
    this.#options = options;
    this.#splitter = new GrpcFrameSplitter(options.maxMessageBytes);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-accept-encoding': 'identity,gzip',
      ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.min(MAX_TIMEOUT_MS, Math.ceil(timeoutMs))}m` }),
      ...headers,
    });
    this.#stream = stream;
    if (timeoutMs !== undefined) this.#timer = clock.after(timeoutMs, () => this.#expire());
    const abort = (): void => this.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) this.cancel();
    stream.on('response', (received) => {
      this.#headers = received;
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => (this.#headers = { ...this.#headers, ...received }));
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', (error: Error) => (this.#failure ??= this.#failed(GrpcStatus.UNAVAILABLE, error.message)));
    stream.once('close', () => {
      this.#timer?.dispose();
      signal?.removeEventListener('abort', abort);
      const failure = this.#failure ?? this.#statusFailure();
      if (failure === undefined) this.#end.resolve();
      else this.#end.reject(failure);
    });
  }

  /** Nothing is sent when the call is over. */
  send(message: Uint8Array): void {
    if (!this.#stream.writableEnded && !this.#stream.destroyed) this.#stream.write(encodeGrpcFrame(message));
  }

  /** We send no more. */
  halfClose(): void {
    if (!this.#stream.writableEnded && !this.#stream.destroyed) this.#stream.end();
  }

  cancel(): void {
    this.#fail(new CodedError('cancelled'));
  }

  #expire(): void {
    this.#fail(this.#timedOut());
    if (this.#headers[':status'] === undefined) this.#options.unanswered();
  }

  #take(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      for (const { isCompressed, message } of this.#splitter.push(chunk)) {
        this.#options.message(isCompressed ? this.#decompressed(message) : message);
      }
    } catch (error) {
      this.#fail(error instanceof CodedError ? error : this.#failed(GrpcStatus.INTERNAL, errorText(error)));
    }
  }

  #decompressed(message: Buffer): Buffer {
    return gunzipSync(message, { maxOutputLength: this.#options.maxMessageBytes });
  }

  #fail(failure: CodedError): void {
    if (this.#failure !== undefined || this.#stream.closed) return;
    this.#failure = failure;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** How the server ended it. Source: PROTOCOL-HTTP2.md, http-grpc-status-mapping.md of grpc/grpc. */
  #statusFailure(): CodedError | undefined {
    const text = this.#headers['grpc-status'];
    if (text === undefined) {
      const httpStatus = this.#headers[':status'];
      if (httpStatus === undefined) return new CodedError('connection-closed', { address: this.#options.address });
      if (httpStatus !== 200) return this.#failed(GrpcStatus.UNKNOWN, `HTTP ${httpStatus}`);
      return this.#failed(GrpcStatus.UNKNOWN, 'the answer has no status');
    }
    const status = Number(text);
    if (status === GrpcStatus.OK) return undefined;
    if (status === GrpcStatus.DEADLINE_EXCEEDED && this.#options.timeoutMs !== undefined) return this.#timedOut();
    const reason = this.#headers['grpc-message'];
    return this.#failed(status, decodeGrpcMessage(typeof reason === 'string' ? reason : ''));
  }

  #failed(status: number, reason: string): CodedError {
    return new CodedError('grpc-failed', { address: this.#options.address, rpc: this.#rpc, status, reason });
  }

  #timedOut(): CodedError {
    const { address, timeoutMs = 0 } = this.#options;
    return new CodedError('grpc-timeout', { address, rpc: this.#rpc, timeoutMs });
  }

  get #rpc(): string {
    return this.#path.slice(this.#path.lastIndexOf('/') + 1);
  }
}
