import type { Socket } from 'node:net';

import type { Clock } from '../../base/clock.ts';
import { asError } from '../../base/errors.ts';
import { FrameSplitter } from '../../protocol/http2/frameSplitter.ts';
import { HpackDecoder } from '../../protocol/http2/hpackDecoder.ts';
import {
  DEFAULT_WINDOW,
  FrameFlag,
  FrameType,
  Http2Code,
  Http2Error,
  MAX_WINDOW,
} from '../../protocol/http2/http2Code.ts';
import { readSettings, withoutPadding } from '../../protocol/http2/payloads.ts';
import { areTrailers, isRequest } from '../../protocol/http2/requestHeaders.ts';
import { AbandonedStreams } from './abandonedStreams.ts';
import { checkConnection, checkLength, illegal, tooMuchData } from './frameChecks.ts';
import { HeaderBlocks } from './headerBlocks.ts';
import type { HeaderBlock } from './headerBlocks.ts';
import { Http2Sender, TooMuchUnread, uint32 } from './http2Sender.ts';
import { Http2Stream } from './http2Stream.ts';
import type { Http2Carrier } from './http2Stream.ts';
import { CONNECTION_WINDOW, MAX_HEADER_BYTES, MAX_STREAMS, OUR_SETTINGS, STREAM_WINDOW } from './ourSettings.ts';
import { ReceiveWindow } from './receiveWindow.ts';
import { StreamTable } from './streamTable.ts';
import { ResetBudget } from './resetBudget.ts';
import type { SlowReader, UnreadBudget } from './unreadBudget.ts';

export interface Http2Options {
  readonly clock: Clock;
  /** Shared with the other connections. */
  readonly unread: UnreadBudget;
  /** Takes a request, and sets its reader. */
  readonly request: (stream: Http2Stream) => void;
  /** Called once, with what was wrong where something was. */
  readonly closed: (problem: Error | undefined) => void;
}

/** A client that does not take its leave is left after so long. */
export const GOODBYE_MS = 1000;

/** The server's side of one connection. Source: RFC 9113. */
export class Http2Connection implements Http2Carrier, SlowReader {
  readonly sender: Http2Sender;
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #splitter = new FrameSplitter();
  readonly #blocks = new HeaderBlocks(MAX_HEADER_BYTES);
  readonly #decoder = new HpackDecoder(MAX_HEADER_BYTES);
  readonly #window: ReceiveWindow;
  readonly #streams = new StreamTable();
  readonly #resets: ResetBudget;
  readonly #abandoned = new AbandonedStreams();
  #idleSinceMs: number;
  #lastId = 0;
  #problem: Error | undefined;
  #isLeaving = false;
  #isOver = false;

  constructor(socket: Socket, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#idleSinceMs = options.clock.now();
    this.#resets = new ResetBudget(options.clock);
    this.sender = new Http2Sender(socket, options.unread);
    options.unread.add(this);
    this.#window = new ReceiveWindow(this.sender, 0, CONNECTION_WINDOW);
    socket.on('error', (error) => (this.#problem ??= error));
    socket.once('close', () => {
      this.#over();
      options.unread.remove(this);
      options.closed(this.#problem);
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.sender.put(FrameType.SETTINGS, 0, 0, OUR_SETTINGS);
    this.sender.put(FrameType.WINDOW_UPDATE, 0, 0, uint32(CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  /** Since when no request is under way; undefined while one is. */
  get idleSinceMs(): number | undefined {
    return this.#streams.size > 0 ? undefined : this.#idleSinceMs;
  }

  /** What its client left unread of answers. */
  get queuedBytes(): number {
    return this.sender.queuedBytes;
  }

  /** Its client leaves more unread than any other, and all together too much. */
  giveUp(): void {
    this.fail(new TooMuchUnread());
  }

  /** Takes no more requests, and ends when those under way are over; at once when it is asked again. */
  close(): void {
    if (this.#isLeaving) {
      this.destroy();
      return;
    }
    this.#isLeaving = true;
    this.sender.goAway(this.#lastId, Http2Code.NO_ERROR);
    for (const stream of this.#streams.all()) stream.reader?.leave();
    this.#endWhenIdle();
  }

  /** Ends it and all its calls without a word. */
  destroy(): void {
    this.sender.flush();
    this.#over();
    this.#socket.destroy();
  }

  read(bytes: number): void {
    if (!this.#isOver) this.#window.read(bytes);
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream);
    if (!stream.isReadEnd) this.#abandoned.add(stream.id);
    if (this.#streams.size === 0) this.#idleSinceMs = this.#options.clock.now();
    if (this.#isLeaving) this.#endWhenIdle();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#problem ??= asError(error);
    this.sender.goAway(this.#lastId, error instanceof Http2Error ? error.code : Http2Code.INTERNAL_ERROR);
    this.#over();
    this.#socket.destroySoon();
    const end = this.#options.clock.after(GOODBYE_MS, () => this.#socket.destroy());
    this.#socket.once('close', () => end.dispose());
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#splitter.push(chunk, this.#frame);
    } catch (error) {
      this.fail(error);
    }
  }

  readonly #frame = (type: number, flags: number, id: number, payload: Buffer): void => {
    if (this.#isOver) return;
    this.#blocks.check(type, id);
    switch (type) {
      case FrameType.DATA:
        this.#data(flags, id, payload);
        break;
      case FrameType.HEADERS:
        if (id % 2 === 0) throw illegal('a client begins streams of odd numbers');
        this.#request(this.#blocks.begin(flags, id, payload));
        break;
      case FrameType.CONTINUATION:
        this.#request(this.#blocks.goOn(flags, payload));
        break;
      case FrameType.WINDOW_UPDATE:
        this.#windowUpdate(id, payload);
        break;
      case FrameType.RST_STREAM:
        this.#resetByPeer(id, payload);
        break;
      case FrameType.SETTINGS:
        this.#settings(flags, id, payload);
        break;
      case FrameType.PING:
        checkLength(payload, 8);
        checkConnection(id);
        if ((flags & FrameFlag.ACK) === 0) this.sender.answer(FrameType.PING, FrameFlag.ACK, 0, payload);
        break;
      case FrameType.PRIORITY:
        checkLength(payload, 5);
        if (id === 0) throw illegal('a priority without a stream');
        break;
      case FrameType.GOAWAY:
        checkConnection(id);
        break;
      case FrameType.PUSH_PROMISE:
        throw illegal('a client promises nothing');
    }
  };

  #data(flags: number, id: number, payload: Buffer): void {
    this.#checkKnown(id);
    if (!this.#window.take(payload.length)) throw tooMuchData();
    const data = withoutPadding(flags, payload);
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (!this.#abandoned.has(id)) throw new Http2Error(Http2Code.STREAM_CLOSED, 'data behind the end of a request');
      this.read(payload.length);
    } else if (stream.isReadEnd) throw new Http2Error(Http2Code.STREAM_CLOSED, 'data behind the end of a request');
    else if (!stream.received(data, payload.length)) throw tooMuchData();
    else if ((flags & FrameFlag.END_STREAM) !== 0) this.#requestEnd(stream);
  }

  #request(found: HeaderBlock | undefined): void {
    if (found === undefined) return;
    const { streamId: id, isEnd, block } = found;
    // In any case, since later blocks refer to it.
    const headers = this.#decoder.decode(block);
    const known = this.#streams.get(id);
    if (known !== undefined) {
      if (known.isReadEnd) throw new Http2Error(Http2Code.STREAM_CLOSED, 'headers behind the end of a request');
      const isWell = headers !== undefined && !this.#decoder.isMalformed && areTrailers(headers);
      if (isEnd && isWell) this.#requestEnd(known);
      else this.#endFaulty(known, Http2Code.PROTOCOL_ERROR);
      return;
    }
    if (id <= this.#lastId) {
      if (this.#abandoned.has(id)) return;
      if (id === this.#lastId) throw new Http2Error(Http2Code.STREAM_CLOSED, 'headers behind the end of a request');
      throw illegal(`stream ${id} begins behind ${this.#lastId}`);
    }
    if (this.#isLeaving || this.#streams.size >= MAX_STREAMS) {
      this.#refuse(id, Http2Code.REFUSED_STREAM);
      return;
    }
    this.#lastId = id;
    if (headers === undefined) {
      this.#refuse(id, Http2Code.ENHANCE_YOUR_CALM);
      return;
    }
    if (this.#decoder.isMalformed || !isRequest(headers)) {
      this.#refuse(id, Http2Code.PROTOCOL_ERROR);
      return;
    }
    const stream = new Http2Stream(id, headers, this, STREAM_WINDOW);
    this.#streams.add(stream);
    this.#options.request(stream);
    if (isEnd) this.#requestEnd(stream);
  }

  #requestEnd(stream: Http2Stream): void {
    if (!stream.receivedEnd()) this.#endFaulty(stream, Http2Code.PROTOCOL_ERROR);
  }

  /** Who has its streams ended by faults ends them before their time, too (CVE-2025-8671). */
  #endFaulty(stream: Http2Stream, code: Http2Code): void {
    this.#resets.spend();
    stream.reset(code);
  }

  #refuse(id: number, code: Http2Code): void {
    this.#lastId = Math.max(this.#lastId, id);
    this.#abandoned.add(id);
    this.#resets.spend();
    this.sender.answer(FrameType.RST_STREAM, 0, id, uint32(code));
  }

  #windowUpdate(id: number, payload: Buffer): void {
    checkLength(payload, 4);
    const bytes = payload.readUInt32BE(0) & MAX_WINDOW;
    if (bytes === 0) throw illegal('a window grows by nothing');
    if (id === 0) {
      this.sender.grow(bytes);
      return;
    }
    this.#checkKnown(id);
    const stream = this.#streams.get(id);
    if (stream?.grow(bytes) === false) this.#endFaulty(stream, Http2Code.FLOW_CONTROL_ERROR);
    else this.sender.resume();
  }

  #resetByPeer(id: number, payload: Buffer): void {
    checkLength(payload, 4);
    this.#checkKnown(id);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#resets.spend();
    stream.receivedReset();
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    checkConnection(id);
    if ((flags & FrameFlag.ACK) !== 0) {
      checkLength(payload, 0);
      return;
    }
    const moreBytes = this.sender.apply(readSettings(payload));
    this.sender.answer(FrameType.SETTINGS, FrameFlag.ACK, 0);
    if (moreBytes === 0) return;
    for (const stream of this.#streams.all()) {
      if (!stream.grow(moreBytes)) throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
    }
    this.sender.resume();
  }

  /** @throws Http2Error for a stream that nobody began */
  #checkKnown(id: number): void {
    if (id === 0 || id > this.#lastId) throw illegal(`stream ${id} did not begin`);
  }

  #endWhenIdle(): void {
    if (this.#streams.size > 0 || this.#isOver) return;
    this.sender.flush();
    this.#socket.end();
  }

  #over(): void {
    this.#isOver = true;
    for (const stream of this.#streams.all()) stream.close();
  }
}
