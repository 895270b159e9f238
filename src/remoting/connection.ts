import type { Duplex } from 'node:stream';

import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Event } from '../base/emitter.ts';
import { CodedError, asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { signed } from '../protocol/acl.ts';
import type { Credentials } from '../protocol/acl.ts';
import { requestCodeName } from '../protocol/codes.ts';
import { LANGUAGE, isOneway, isResponse, request, response } from '../protocol/command.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';
import { FrameSplitter, MAX_FRAME_BYTES, readFrame } from '../protocol/frame.ts';
import { answerRequest } from './answerRequest.ts';
import { ConnectionEnd } from './connectionEnd.ts';
import { DrainWaiters } from './drainWaiters.ts';
import { failure } from './failure.ts';
import { notSupported } from './notSupported.ts';
import { Outbox } from './outbox.ts';
import type { AnswerHook, Peer, Reply, RequestHandler } from './peer.ts';
import { PendingRequests } from './pendingRequests.ts';

export interface ConnectionOptions {
  /** `ip:port`, for errors and logs. */
  readonly remoteAddress: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Answers the peer's requests; without it they are answered with code 3. */
  readonly handle?: RequestHandler | undefined;
  readonly answering?: AnswerHook | undefined;
  /** What our own requests say of us. */
  readonly language?: string | undefined;
  /** Signs our own requests. */
  readonly credentials?: Credentials | undefined;
  readonly maxFrameBytes?: number | undefined;
  /**
   * Closes when a request of ours times out and not a byte has come since it was sent: the peer is gone without a word,
   * and only a new connection can reach whoever is there now.
   */
  readonly closesWhenSilent?: boolean | undefined;
}

/**
 * One end of a socket: sends requests and answers those of the peer. Requests of the two directions are numbered
 * apart: an answer is told by its response bit (remoting sheet §1.8). Requests are handled in the order in which they
 * came; while the peer does not read our answers, no more of its requests are read.
 */
export class Connection implements Peer {
  readonly remoteAddress: string;
  readonly #stream: Duplex;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handle: RequestHandler;
  readonly #answering: AnswerHook | undefined;
  readonly #language: string;
  readonly #credentials: Credentials | undefined;
  readonly #splitter: FrameSplitter;
  readonly #outbox: Outbox;
  readonly #pending: PendingRequests;
  readonly #closesWhenSilent: boolean;
  readonly #closed = new Emitter<CodedError | undefined>();
  #isOpen = true;
  #nextOpaque = 0;
  #lastActivityMs: number;
  /** Counts what came, so that a silence can be told within one millisecond. */
  #receivedChunks = 0;
  /** Frames that wait until the peer reads our answers. */
  #waitingFrames: Buffer[] = [];
  readonly #waitingForDrain: DrainWaiters;
  /** Who wants that nothing is read now. */
  readonly #readingStops = new Set<object>();
  readonly #end: ConnectionEnd;

  constructor(stream: Duplex, options: ConnectionOptions) {
    this.remoteAddress = options.remoteAddress;
    this.#stream = stream;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#handle = options.handle ?? notSupported;
    this.#answering = options.answering;
    this.#language = options.language ?? LANGUAGE;
    this.#credentials = options.credentials;
    this.#splitter = new FrameSplitter(options.maxFrameBytes ?? MAX_FRAME_BYTES);
    this.#outbox = new Outbox(stream, () => {
      if (!stream.writableNeedDrain) this.#lastActivityMs = this.#clock.now();
    });
    this.#end = new ConnectionEnd(options.remoteAddress);
    this.#waitingForDrain = new DrainWaiters(options.remoteAddress, options.clock);
    this.#closesWhenSilent = options.closesWhenSilent ?? false;
    this.#pending = new PendingRequests(options.remoteAddress, options.clock, {
      mark: () => this.#receivedChunks,
      onTimeout: (error, mark) => this.#onTimeout(error, mark),
    });
    this.#lastActivityMs = options.clock.now();
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('drain', () => this.#onDrain());
    stream.on('end', () => this.#onEnd());
    stream.on('close', () => this.#onEnd());
    stream.on('error', (error) => this.#close(this.#end.closed(error)));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When bytes last went in either direction, in ms since the epoch. */
  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  /** Our requests that have no answer yet. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Called once, when the connection ends (see `isOpen` after that); undefined when either side simply closed it. */
  get onClose(): Event<CodedError | undefined> {
    return this.#closed.event;
  }

  /**
   * Resolves with the answer, whatever its code.
   * @throws CodedError `request-timeout`, `connection-closed`, `not-rocketmq`, `cancelled`, `frame-too-large` or
   * `frame-illegal`
   */
  request(parts: RequestParts, timeoutMs: number, signal?: AbortSignal): Promise<RemotingCommand> {
    if (!this.#isOpen) return Promise.reject(this.#end.closed());
    if (signal?.aborted === true) return Promise.reject(new CodedError('cancelled'));
    const opaque = this.#takeOpaque();
    try {
      this.#write(request(opaque, this.#signed(parts), this.#language));
    } catch (error) {
      return Promise.reject(asError(error));
    }
    return this.#pending.add(opaque, parts.code, timeoutMs, signal);
  }

  /**
   * Resolves when the bytes are with the socket; waits while the peer does not read.
   * @throws CodedError `connection-closed`, `request-timeout` after 30 s in which the peer read nothing, `frame-too-large`
   */
  async oneway(parts: RequestParts): Promise<void> {
    if (!this.#isOpen) throw this.#end.closed();
    this.#write(request(this.#takeOpaque(), this.#signed({ ...parts, oneway: true }), this.#language));
    if (this.#outbox.isBlocked) await this.#waitingForDrain.wait(parts.code);
  }

  /** Answers a request for which the handler returned `undefined`; nothing is written when the peer has gone. */
  respond(to: RemotingCommand, reply: Reply): void {
    if (isOneway(to)) return;
    if (this.#answering === undefined) this.#answer(to, reply);
    else this.#answering(to, reply, (changed) => this.#answer(to, changed));
  }

  stopReading(): Disposable {
    const stop = {};
    this.#readingStops.add(stop);
    this.#stream.pause();
    return {
      dispose: () => {
        if (this.#readingStops.delete(stop) && this.#isOpen) this.#readOn();
      },
    };
  }

  /** Closes at once; what was answered before still goes out where the socket takes it. Requests under way reject. */
  dispose(): void {
    this.#close(undefined);
  }

  #answer(to: RemotingCommand, reply: Reply): void {
    if (!this.#isOpen) {
      this.#logger.debug(`${this.remoteAddress} has gone; its answer to ${requestCodeName(to.code)} is dropped`);
      return;
    }
    try {
      const { code, extFields, remark, version } = reply;
      this.#write(response(to, { code, extFields, remark, version }), reply.body);
    } catch (error) {
      this.#write(response(to, failure(error)));
    }
  }

  #signed(parts: RequestParts): RequestParts {
    return this.#credentials === undefined ? parts : signed(parts, this.#credentials);
  }

  #takeOpaque(): number {
    do this.#nextOpaque = (this.#nextOpaque + 1) | 0;
    while (this.#pending.has(this.#nextOpaque));
    return this.#nextOpaque;
  }

  #write(command: RemotingCommand, body: Buffer | readonly Buffer[] = command.body): void {
    this.#outbox.put(command, body);
  }

  #onData(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#lastActivityMs = this.#clock.now();
    this.#receivedChunks += 1;
    this.#end.bytesCame(chunk);
    try {
      const frames = this.#splitter.push(chunk);
      this.#waitingFrames = this.#waitingFrames.length === 0 ? frames : this.#waitingFrames.concat(frames);
    } catch (error) {
      this.#close(this.#end.unreadable(error));
      return;
    }
    this.#handleFrames();
  }

  #onDrain(): void {
    this.#lastActivityMs = this.#clock.now();
    this.#waitingForDrain.resolveAll();
    this.#readOn();
  }

  #readOn(): void {
    if (this.#readingStops.size > 0) return;
    this.#handleFrames();
    if (this.#waitingFrames.length === 0 && this.#isOpen) this.#stream.resume();
  }

  #handleFrames(): void {
    const frames = this.#waitingFrames;
    this.#waitingFrames = [];
    this.#outbox.hold();
    let handled = 0;
    for (const frame of frames) {
      let command: RemotingCommand;
      try {
        command = readFrame(frame);
      } catch (error) {
        this.#close(this.#end.unreadable(error));
        break;
      }
      this.#end.frameCame();
      if (isResponse(command)) {
        this.#takeAnswer(command);
      } else if (this.#outbox.isBlocked || this.#readingStops.size > 0) {
        this.#waitingFrames = frames.slice(handled);
        this.#stream.pause();
        break;
      } else {
        answerRequest({ command, connection: this }, this.#handle, this.#logger);
      }
      handled += 1;
      if (!this.#isOpen) break;
    }
    this.#outbox.release();
  }

  #takeAnswer(command: RemotingCommand): void {
    if (this.#pending.answer(command)) return;
    this.#logger.debug(`${this.remoteAddress} answers opaque ${command.opaque}, for which nobody waits`);
  }

  /** What else is under way fails with the same error: like the request that timed out, it may have been carried out. */
  #onTimeout(error: CodedError, chunksBefore: number): void {
    if (!this.#closesWhenSilent || this.#receivedChunks > chunksBefore) return;
    this.#logger.warn(`${this.remoteAddress} is silent: the connection is given up`);
    this.#close(error);
  }

  #onEnd(): void {
    const heldBytes = this.#splitter.heldBytes;
    if (heldBytes > 0) {
      this.#logger.warn(`${this.remoteAddress} closed in the middle of a frame, after ${heldBytes} bytes of it`);
    }
    this.#close(heldBytes > 0 ? this.#end.cutShort() : undefined);
  }

  #close(error: CodedError | undefined): void {
    if (!this.#isOpen) return;
    this.#outbox.flush();
    this.#isOpen = false;
    this.#waitingFrames = [];
    this.#stream.destroy();
    if (error !== undefined) this.#logger.debug(`connection with ${this.remoteAddress} ended: ${error.message}`);
    const reason = error ?? this.#end.closed();
    this.#pending.rejectAll(reason);
    this.#waitingForDrain.rejectAll(reason);
    this.#closed.fire(error);
    this.#closed.dispose();
  }
}
