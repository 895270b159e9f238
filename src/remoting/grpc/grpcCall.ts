import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { gunzipSync } from 'node:zlib';

import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { GrpcFrameSplitter, encodeGrpcFrame } from '../../protocol/grpc/grpcFrame.ts';
import { GrpcError, GrpcStatus, encodeGrpcMessage, parseGrpcTimeout } from '../../protocol/grpc/grpcStatus.ts';

/** A connection of a client. */
export interface GrpcSession {
  /** `ip:port` */
  readonly remoteAddress: string;
  /** Where the client reached this server. */
  readonly localAddress: { readonly host: string; readonly port: number };
  /** Called once, when it is gone. */
  readonly onClose: Event<undefined>;
  /** Ends it and all its calls without a word. */
  dispose(): void;
}

export interface GrpcReceiver {
  /** Throwing ends the call. */
  message(message: Buffer): void;
  /** The client sends no more. */
  halfClosed(): void;
}

export interface GrpcCallOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxMessageBytes: number;
  readonly session: GrpcSession;
}

/**
 * One call: messages come in and go out until either side ends it. Whoever is called ends it exactly once; a client
 * that is gone, or whose deadline passed, ends it too. Source: PROTOCOL-HTTP2.md of grpc/grpc.
 */
export class GrpcCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly session: GrpcSession;
  /** In ms since the epoch; undefined when the client waits for ever. */
  readonly deadlineMs: number | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #logger: Logger;
  readonly #maxMessageBytes: number;
  readonly #splitter: GrpcFrameSplitter;
  readonly #closed = new Emitter<undefined>();
  readonly #clock: Clock;
  #timer: Disposable | undefined;
  #isOpen = true;
  #isEnding = false;
  #waitingForDrain: (() => void)[] = [];

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: GrpcCallOptions) {
    this.path = headers[':path'] ?? '';
    this.headers = headers;
    this.session = options.session;
    this.#stream = stream;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#splitter = new GrpcFrameSplitter(options.maxMessageBytes);
    const timeoutMs = parseGrpcTimeout(single(headers['grpc-timeout']));
    if (timeoutMs !== undefined) {
      this.deadlineMs = options.clock.now() + timeoutMs;
      this.#timer = options.clock.after(timeoutMs, () => this.#deadlinePassed());
    }
    stream.on('drain', () => this.#drained());
    stream.once('close', () => this.#close());
  }

  /** False once it was ended, or the client went away: Node throws at a write to a stream before it says so. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#isEnding && !this.#stream.closed && !this.#stream.destroyed;
  }

  /** Once it is over: did the client go before it had the last word? */
  get isCancelled(): boolean {
    return this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR;
  }

  /** Called once, when it is over, whoever ended it. */
  get onClose(): Event<undefined> {
    return this.#closed.event;
  }

  /** Reads what the client sends. */
  receive(receiver: GrpcReceiver): void {
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => {
      if (!this.isOpen) return;
      this.#guard(() => {
        for (const { isCompressed, message } of this.#splitter.push(chunk)) {
          receiver.message(isCompressed ? this.#decompressed(message) : message);
        }
      });
      this.#pauseUntilRead();
    });
    stream.once('end', () => {
      if (!this.isOpen) return;
      this.#guard(() => {
        if (this.#splitter.isPartial) throw new GrpcError(GrpcStatus.INTERNAL, 'the last message is not whole');
        receiver.halfClosed();
      });
    });
  }

  /** Sends the headers before there is a message: some clients wait for them. */
  open(): void {
    if (!this.isOpen || this.#stream.headersSent) return;
    this.#stream.respond(HEADERS, { waitForTrailers: true });
  }

  /** Nothing is sent when the call is over. */
  send(message: Uint8Array): void {
    if (!this.isOpen) return;
    this.open();
    this.#stream.write(encodeGrpcFrame(message));
  }

  /** Resolves when the client reads on, or the call is over; at once when it never stopped. */
  drained(): Promise<void> {
    if (!this.isOpen || !this.#stream.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForDrain.push(resolve));
  }

  /** What was sent and waits until the client reads on. */
  get unreadBytes(): number {
    return this.#stream.writableLength;
  }

  /**
   * The last word, with a last message where that is given. Who has not read it when its deadline passes, or a minute
   * later where that is far, does not get it.
   */
  end(status: GrpcStatus = GrpcStatus.OK, text = '', message?: Uint8Array): void {
    if (!this.isOpen) return;
    this.#isEnding = true;
    const leftMs = (this.deadlineMs ?? Infinity) - this.#clock.now();
    if (leftMs <= 0 || leftMs > UNREAD_MS) {
      this.#timer?.dispose();
      this.#timer = this.#clock.after(UNREAD_MS, () => this.#reset());
    }
    const trailers = {
      'grpc-status': String(status),
      ...(text === '' ? {} : { 'grpc-message': encodeGrpcMessage(text) }),
    };
    const stream = this.#stream;
    if (!stream.headersSent && message === undefined) {
      stream.respond({ ...HEADERS, ...trailers }, { endStream: true });
      this.#ended();
    } else {
      if (!stream.headersSent) stream.respond(HEADERS, { waitForTrailers: true });
      stream.once('wantTrailers', () => {
        stream.sendTrailers(trailers);
        this.#ended();
      });
      if (message === undefined) stream.end();
      else stream.end(encodeGrpcFrame(message));
    }
    this.#drained();
  }

  /** Ends it by an error. */
  fail(error: unknown): void {
    if (error instanceof GrpcError) {
      this.end(error.status, error.message);
      return;
    }
    this.end(GrpcStatus.INTERNAL, errorText(error));
    this.#logger.error(`${this.#name()} failed`, error);
  }

  #deadlinePassed(): void {
    if (this.#isEnding) this.#reset();
    else this.end(GrpcStatus.DEADLINE_EXCEEDED, 'the deadline of the client passed');
  }

  /** Lets go of all that the client did not read. */
  #reset(): void {
    this.#logger.info(`${this.#name()} is reset: its client read nothing more of the answer`);
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#stream.destroy();
  }

  /** What the client still sends is not waited for. */
  #ended(): void {
    const stream = this.#stream;
    if (stream.readableEnded) return;
    stream.resume();
    setImmediate(() => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#timer?.dispose();
    this.#drained();
    this.#closed.fire(undefined);
    this.#closed.dispose();
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  #decompressed(message: Buffer): Buffer {
    const encoding = single(this.headers['grpc-encoding']) ?? 'identity';
    if (encoding !== 'gzip') {
      throw new GrpcError(GrpcStatus.UNIMPLEMENTED, `messages compressed by ${encoding} are not understood`);
    }
    try {
      return gunzipSync(message, { maxOutputLength: this.#maxMessageBytes });
    } catch (error) {
      throw new GrpcError(GrpcStatus.INTERNAL, `a message cannot be decompressed: ${errorText(error)}`);
    }
  }

  /** Who does not read is not listened to either. */
  #pauseUntilRead(): void {
    const stream = this.#stream;
    if (!this.isOpen || !stream.writableNeedDrain) return;
    stream.pause();
    void this.drained().then(() => stream.resume());
  }

  #drained(): void {
    for (const resolve of this.#waitingForDrain.splice(0)) resolve();
  }

  #name(): string {
    return `${this.path} of ${this.session.remoteAddress}`;
  }
}

/** How long an answer is kept for a client that does not read it, and whose deadline is not nearer. */
const UNREAD_MS = 60_000;

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip',
};

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
