import type { Socket } from 'node:net';

import type { Clock } from '../../base/clock.ts';
import { FrameSplitter } from '../../protocol/http2/frameSplitter.ts';
import { HpackDecoder } from '../../protocol/http2/hpackDecoder.ts';
import {
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW,
  FrameFlag,
  FrameType,
  Http2Code,
  Http2Error,
  MAX_WINDOW,
  Setting,
} from '../../protocol/http2/http2Code.ts';
import { encodeSettings, readSettings, withoutPadding } from '../../protocol/http2/payloads.ts';
import { FrameOutbox } from './frameOutbox.ts';
import { Http2Stream, windowIncrement } from './http2Stream.ts';
import type { Http2Carrier } from './http2Stream.ts';
import { ResetBudget } from './resetBudget.ts';

export interface Http2Options {
  readonly clock: Clock;
  /** Takes a request, and sets its reader. */
  readonly request: (stream: Http2Stream) => void;
  /** Called once, with what was wrong where something was. */
  readonly closed: (problem: Error | undefined) => void;
}

/** A body of 4 MiB needs no pause. */
const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const MAX_STREAMS = 8192;
/** Of one request, as it is sent and as it is read. */
const MAX_HEADER_BYTES = 64 * 1024;
/** What a client may leave unread, and of that what answers its control frames. */
const MAX_QUEUED_BYTES = 1024 * 1024 * 1024;
const MAX_CONTROL_BYTES = 1024 * 1024;

/** The server's side of one connection. Source: RFC 9113. */
export class Http2Connection implements Http2Carrier {
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #outbox: FrameOutbox;
  readonly #splitter = new FrameSplitter();
  readonly #decoder = new HpackDecoder(MAX_HEADER_BYTES);
  readonly #streams = new Map<number, Http2Stream>();
  readonly #resets: ResetBudget;
  /** They wait for the window of the connection, or for the socket. */
  readonly #waiting = new Set<Http2Stream>();
  #block: { readonly id: number; readonly flags: number; readonly pieces: Buffer[]; bytes: number } | undefined;
  #lastId = 0;
  #sendWindow = DEFAULT_WINDOW;
  #streamSendWindow = DEFAULT_WINDOW;
  #receiveWindow = CONNECTION_WINDOW;
  #consumedBytes = 0;
  #queuedBytes = 0;
  maxFrameBytes = DEFAULT_FRAME_BYTES;
  /** The client's table is smaller than it was, which the next block has to say. */
  #tableShrank = false;
  #problem: Error | undefined;
  #isLeaving = false;
  #isOver = false;

  constructor(socket: Socket, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#resets = new ResetBudget(options.clock);
    this.#outbox = new FrameOutbox(socket);
    socket.on('error', (error) => (this.#problem ??= error));
    socket.once('close', () => {
      this.#over();
      options.closed(this.#problem);
    });
    socket.on('drain', () => this.#resume());
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.put(
      FrameType.SETTINGS,
      0,
      0,
      encodeSettings([
        [Setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
        [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
        [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES],
      ]),
    );
    this.put(FrameType.WINDOW_UPDATE, 0, 0, windowIncrement(CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  /** Takes no more requests, and ends when those under way are over; at once when it is asked again. */
  close(): void {
    if (this.#isLeaving) {
      this.destroy();
      return;
    }
    this.#isLeaving = true;
    this.#goAway(Http2Code.NO_ERROR);
    this.#endWhenIdle();
  }

  destroy(): void {
    this.#outbox.flush();
    this.#socket.destroy();
  }

  get sendBytes(): number {
    return this.#isOver || this.#outbox.isBlocked ? 0 : this.#sendWindow;
  }

  put(type: number, flags: number, streamId: number, first?: Uint8Array, second?: Uint8Array): void {
    this.#outbox.put(type, flags, streamId, first, second);
  }

  putData(flags: number, streamId: number, data: Uint8Array): void {
    this.#sendWindow -= data.length;
    this.#outbox.put(FrameType.DATA, flags, streamId, data);
  }

  putHeaders(flags: number, streamId: number, block: Buffer): void {
    const whole = this.#tableShrank ? Buffer.concat([TABLE_IS_EMPTY, block]) : block;
    this.#tableShrank = false;
    const { maxFrameBytes } = this;
    let type: number = FrameType.HEADERS;
    let first = flags;
    let at = 0;
    for (; whole.length - at > maxFrameBytes; at += maxFrameBytes) {
      this.put(type, first, streamId, whole.subarray(at, at + maxFrameBytes));
      type = FrameType.CONTINUATION;
      first = 0;
    }
    this.put(type, first | FrameFlag.END_HEADERS, streamId, at === 0 ? whole : whole.subarray(at));
  }

  queued(bytes: number): void {
    this.#queuedBytes += bytes;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#fail(new Http2Error(Http2Code.ENHANCE_YOUR_CALM, 'the peer reads too little of what it asks for'));
    }
  }

  wait(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#consumedBytes < CONNECTION_WINDOW / 2 || this.#isOver) return;
    this.put(FrameType.WINDOW_UPDATE, 0, 0, windowIncrement(this.#consumedBytes));
    this.#receiveWindow += this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.#isLeaving) this.#endWhenIdle();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#splitter.push(chunk, this.#frame);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #frame = (type: number, flags: number, id: number, payload: Buffer): void => {
    if (this.#isOver) return;
    if (this.#block !== undefined && (type !== FrameType.CONTINUATION || id !== this.#block.id)) {
      throw illegal('a header block is interrupted');
    }
    switch (type) {
      case FrameType.DATA:
        this.#data(flags, id, payload);
        break;
      case FrameType.HEADERS:
        this.#headers(flags, id, payload);
        break;
      case FrameType.CONTINUATION:
        this.#continuation(flags, payload);
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
        if ((flags & FrameFlag.ACK) === 0) this.#answer(FrameType.PING, payload);
        break;
      case FrameType.PRIORITY:
        checkLength(payload, 5);
        break;
      case FrameType.PUSH_PROMISE:
        throw illegal('a client promises nothing');
    }
  };

  #data(flags: number, id: number, payload: Buffer): void {
    this.#checkKnown(id);
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'more data than was allowed');
    const data = withoutPadding(flags, payload);
    const stream = this.#streams.get(id);
    // What was on its way when the stream ended.
    if (stream === undefined) this.consumed(payload.length);
    else if (stream.isReadEnd) throw new Http2Error(Http2Code.STREAM_CLOSED, 'data behind the end of a request');
    else if (!stream.received(data, payload.length)) {
      throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'more data than was allowed');
    } else if ((flags & FrameFlag.END_STREAM) !== 0) stream.receivedEnd();
  }

  #headers(flags: number, id: number, payload: Buffer): void {
    if (id % 2 === 0) throw illegal('a client begins streams of odd numbers');
    let block = withoutPadding(flags, payload);
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (block.length < 5) throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, 'headers without their priority');
      block = block.subarray(5);
    }
    if ((flags & FrameFlag.END_HEADERS) !== 0) this.#request(flags, id, block);
    else this.#block = { id, flags, pieces: [block], bytes: block.length };
  }

  #continuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === undefined) throw illegal('a header block continues that did not begin');
    block.pieces.push(payload);
    // Empty ones are not free either.
    block.bytes += Math.max(payload.length, 64);
    if (block.bytes > MAX_HEADER_BYTES) throw new Http2Error(Http2Code.ENHANCE_YOUR_CALM, 'too many headers');
    if ((flags & FrameFlag.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.#request(block.flags, block.id, Buffer.concat(block.pieces));
  }

  #request(flags: number, id: number, block: Buffer): void {
    // In any case, since later blocks refer to it.
    const headers = this.#decoder.decode(block);
    const isEnd = (flags & FrameFlag.END_STREAM) !== 0;
    const known = this.#streams.get(id);
    if (known !== undefined) {
      if (known.isReadEnd) throw new Http2Error(Http2Code.STREAM_CLOSED, 'headers behind the end of a request');
      if (isEnd) known.receivedEnd();
      else known.reset(Http2Code.PROTOCOL_ERROR);
      return;
    }
    // What was on its way when the stream ended.
    if (id <= this.#lastId) return;
    if (this.#isLeaving || this.#streams.size >= MAX_STREAMS) {
      this.#refuse(id, Http2Code.REFUSED_STREAM);
      return;
    }
    this.#lastId = id;
    if (headers === undefined) {
      this.#refuse(id, Http2Code.ENHANCE_YOUR_CALM);
      return;
    }
    const of = { carrier: this, windowBytes: STREAM_WINDOW, sendWindow: this.#streamSendWindow };
    const stream = new Http2Stream(id, headers, of);
    if (stream.header(':method') === undefined || stream.header(':path') === undefined) {
      this.#refuse(id, Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#streams.set(id, stream);
    this.#options.request(stream);
    if (isEnd) stream.receivedEnd();
  }

  #refuse(id: number, code: Http2Code): void {
    this.#lastId = Math.max(this.#lastId, id);
    this.#resets.spend();
    this.#answer(FrameType.RST_STREAM, windowIncrement(code), id);
  }

  #windowUpdate(id: number, payload: Buffer): void {
    checkLength(payload, 4);
    const bytes = payload.readUInt32BE(0) & MAX_WINDOW;
    if (bytes === 0) throw illegal('a window grows by nothing');
    if (id === 0) {
      this.#sendWindow += bytes;
      if (this.#sendWindow > MAX_WINDOW) throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
      this.#resume();
      return;
    }
    this.#checkKnown(id);
    const stream = this.#streams.get(id);
    if (stream?.grow(bytes) === false) stream.reset(Http2Code.FLOW_CONTROL_ERROR);
  }

  #resetByPeer(id: number, payload: Buffer): void {
    checkLength(payload, 4);
    this.#checkKnown(id);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#resets.spend();
    stream.close();
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    checkConnection(id);
    if ((flags & FrameFlag.ACK) !== 0) {
      checkLength(payload, 0);
      return;
    }
    const settings = readSettings(payload);
    const tableBytes = settings.get(Setting.HEADER_TABLE_SIZE);
    if (tableBytes !== undefined && tableBytes < 4096) this.#tableShrank = true;
    this.maxFrameBytes = settings.get(Setting.MAX_FRAME_SIZE) ?? this.maxFrameBytes;
    this.#answer(FrameType.SETTINGS, undefined);
    const windowBytes = settings.get(Setting.INITIAL_WINDOW_SIZE);
    if (windowBytes === undefined) return;
    const moreBytes = windowBytes - this.#streamSendWindow;
    this.#streamSendWindow = windowBytes;
    for (const stream of [...this.#streams.values()]) {
      if (!stream.grow(moreBytes)) throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
    }
  }

  /** To a control frame, of which a client that does not read can send any number. */
  #answer(type: number, payload: Buffer | undefined, streamId = 0): void {
    const flags = type === FrameType.RST_STREAM ? 0 : FrameFlag.ACK;
    this.put(type, flags, streamId, payload);
    if (this.#outbox.isBlocked && this.#socket.writableLength > MAX_CONTROL_BYTES) {
      throw new Http2Error(Http2Code.ENHANCE_YOUR_CALM, 'the peer does not read what it asks for');
    }
  }

  /** @throws Http2Error for a stream that nobody began */
  #checkKnown(id: number): void {
    if (id === 0 || id > this.#lastId) throw illegal(`stream ${id} did not begin`);
  }

  #resume(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.resume();
  }

  #endWhenIdle(): void {
    if (this.#streams.size > 0 || this.#isOver) return;
    this.#outbox.flush();
    this.#socket.end();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#problem ??= error instanceof Error ? error : new Error(String(error));
    this.#goAway(error instanceof Http2Error ? error.code : Http2Code.INTERNAL_ERROR);
    this.#over();
    this.#outbox.flush();
    this.#socket.destroySoon();
  }

  #over(): void {
    this.#isOver = true;
    for (const stream of [...this.#streams.values()]) stream.close();
  }

  #goAway(code: Http2Code): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(this.#lastId);
    payload.writeUInt32BE(code, 4);
    this.put(FrameType.GOAWAY, 0, 0, payload);
  }
}

/** A change of the table's size to nothing. Source: RFC 7541 §6.3. */
const TABLE_IS_EMPTY = Buffer.of(0x20);

function checkLength(payload: Buffer, length: number): void {
  if (payload.length !== length) {
    throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, `${payload.length} bytes stand where ${length} do`);
  }
}

function checkConnection(id: number): void {
  if (id !== 0) throw illegal('a frame of the connection names a stream');
}

function illegal(problem: string): Http2Error {
  return new Http2Error(Http2Code.PROTOCOL_ERROR, problem);
}
