import { gunzipSync } from 'node:zlib';

import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { GrpcFrameSplitter, encodeGrpcFrame } from '../../protocol/grpc/grpcFrame.ts';
import { GrpcError, GrpcStatus, encodeGrpcMessage, parseGrpcTimeout } from '../../protocol/grpc/grpcStatus.ts';
import { encodeHeaders } from '../../protocol/http2/hpackEncoder.ts';
import { Http2Code } from '../../protocol/http2/http2Code.ts';
import type { Http2Stream } from '../http2/http2Stream.ts';

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
  readonly session: GrpcSession;
  /** In ms since the epoch; undefined when the client waits for ever. */
  readonly deadlineMs: number | undefined;
  readonly #stream: Http2Stream;
  readonly #logger: Logger;
  readonly #maxMessageBytes: number;
  readonly #splitter: GrpcFrameSplitter;
  #closed: Emitter<undefined> | undefined;
  readonly #clock: Clock;
  #receiver: GrpcReceiver | undefined;
  #timer: Disposable | undefined;
  #isOpen = true;
  #isEnding = false;
  #waitingForDrain: (() => void)[] = [];

  constructor(stream: Http2Stream, options: GrpcCallOptions) {
    this.path = stream.header(':path') ?? '';
    this.session = options.session;
    this.#stream = stream;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#splitter = new GrpcFrameSplitter(options.maxMessageBytes);
    const timeoutMs = parseGrpcTimeout(stream.header('grpc-timeout'));
    if (timeoutMs !== undefined) {
      this.deadlineMs = options.clock.now() + timeoutMs;
      this.#timer = options.clock.after(timeoutMs, () => this.#deadlinePassed());
    }
    stream.reader = {
      data: (chunk) => this.#data(chunk),
      end: () => this.#halfClosed(),
      drained: () => this.#drained(),
      sent: () => this.#sent(),
      leave: () => this.end(GrpcStatus.UNAVAILABLE, 'the server stops'),
      closed: () => this.#close(),
    };
  }

  /** Of metadata that came more than once the first. */
  header(name: string): string | undefined {
    return this.#stream.header(name);
  }

  /** False once it was ended, or the client went away. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#isEnding;
  }

  /** Once it is over: did the client go before it had the last word? */
  get isCancelled(): boolean {
    return !this.#stream.isSentEnd;
  }

  /** Called once, when it is over, whoever ended it. */
  get onClose(): Event<undefined> {
    return (this.#closed ??= new Emitter()).event;
  }

  /** Reads what the client sends. */
  receive(receiver: GrpcReceiver): void {
    this.#receiver = receiver;
  }

  /** Sends the headers before there is a message: some clients wait for them. */
  open(): void {
    if (this.isOpen && !this.#stream.isHeadSent) this.#stream.respond(HEAD);
  }

  /** Nothing is sent when the call is over. */
  send(message: Uint8Array): void {
    if (!this.isOpen) return;
    this.open();
    this.#stream.write(encodeGrpcFrame(message));
  }

  /** Resolves when the client reads on, or the call is over; at once when it never stopped. */
  drained(): Promise<void> {
    if (!this.isOpen || !this.#stream.needsDrain) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForDrain.push(resolve));
  }

  /** What was sent and waits until the client reads on. */
  get unreadBytes(): number {
    return this.#stream.queuedBytes;
  }

  /**
   * The last word, with a last message where that is given. Who has not read it when its deadline passes, or a minute
   * later where that is far, does not get it.
   */
  end(status: GrpcStatus = GrpcStatus.OK, text = '', message?: Uint8Array): void {
    if (!this.isOpen) return;
    this.#isEnding = true;
    const stream = this.#stream;
    if (!stream.isHeadSent && message === undefined) {
      stream.respond(encodeHeaders({ ...HEADERS, ...trailersOf(status, text) }), true);
    } else {
      if (!stream.isHeadSent) stream.respond(HEAD);
      if (message !== undefined) stream.write(encodeGrpcFrame(message));
      const isWell = status === GrpcStatus.OK && text === '';
      stream.end(isWell ? WELL : encodeHeaders(trailersOf(status, text)));
    }
    if (!stream.isSentEnd) this.#keepUnread();
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
    this.#stream.reset(Http2Code.CANCEL);
  }

  #keepUnread(): void {
    const leftMs = (this.deadlineMs ?? Infinity) - this.#clock.now();
    if (leftMs > 0 && leftMs <= UNREAD_MS) return;
    this.#timer?.dispose();
    this.#timer = this.#clock.after(UNREAD_MS, () => this.#reset());
  }

  /** What the client still sends is not waited for. */
  #sent(): void {
    const stream = this.#stream;
    if (!stream.isReadEnd) setImmediate(() => stream.reset(Http2Code.NO_ERROR));
  }

  #data(chunk: Buffer): void {
    if (!this.isOpen) return;
    this.#guard(() => {
      for (const { isCompressed, message } of this.#splitter.push(chunk)) {
        this.#receiver?.message(isCompressed ? this.#decompressed(message) : message);
      }
    });
    this.#pauseUntilRead();
  }

  #halfClosed(): void {
    if (!this.isOpen) return;
    this.#guard(() => {
      if (this.#splitter.isPartial) throw new GrpcError(GrpcStatus.INTERNAL, 'the last message is not whole');
      this.#receiver?.halfClosed();
    });
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#timer?.dispose();
    this.#drained();
    this.#closed?.fire(undefined);
    this.#closed?.dispose();
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  #decompressed(message: Buffer): Buffer {
    const encoding = this.header('grpc-encoding') ?? 'identity';
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
    if (!this.isOpen || !stream.needsDrain) return;
    stream.pause();
    void this.drained().then(() => stream.read());
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
  ':status': '200',
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip',
};
const HEAD = encodeHeaders(HEADERS);
const WELL = encodeHeaders(trailersOf(GrpcStatus.OK, ''));

function trailersOf(status: GrpcStatus, text: string): Record<string, string> {
  return { 'grpc-status': String(status), ...(text === '' ? {} : { 'grpc-message': encodeGrpcMessage(text) }) };
}
