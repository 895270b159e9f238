import type { Socket } from 'node:net';

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
import { FrameOutbox } from './frameOutbox.ts';
import type { UnreadBudget } from './unreadBudget.ts';

/** A stream that has something to send. */
export interface Waiting {
  /** Sends one frame; where more waits it comes to `wait` again. */
  sendFrame(): void;
}

/** What a client may leave unread of headers and answers to control frames, which no window holds back. */
const MAX_UNHELD_BYTES = 8 * 1024 * 1024;
/** Of the table for headers, where the client names no other. Source: RFC 9113 §6.5.2. */
const TABLE_BYTES = 4096;
/** A change of the table's size to nothing. Source: RFC 7541 §6.3. */
const TABLE_IS_EMPTY = Buffer.of(0x20);

/** Writes what all streams of a connection send, as the client allows. */
export class Http2Sender {
  /** What a stream may send that begins now. */
  streamWindow = DEFAULT_WINDOW;
  readonly #socket: Socket;
  readonly #outbox: FrameOutbox;
  readonly #unread: UnreadBudget;
  /** They wait for the window of the connection, or for the socket; the next to send is the first. */
  readonly #waiting = new Set<Waiting>();
  #window = DEFAULT_WINDOW;
  #maxFrameBytes = DEFAULT_FRAME_BYTES;
  #queuedBytes = 0;
  /** The client's table is smaller than it was, which the next block has to say. */
  #tableShrank = false;

  constructor(socket: Socket, unread: UnreadBudget) {
    this.#socket = socket;
    this.#unread = unread;
    this.#outbox = new FrameOutbox(socket);
    socket.on('drain', () => this.resume());
  }

  /** What one frame may hold now; 0 while the client does not read. */
  get frameBytes(): number {
    return this.#outbox.isBlocked ? 0 : Math.min(this.#window, this.#maxFrameBytes);
  }

  put(type: number, flags: number, streamId: number, payload?: Uint8Array): void {
    this.#outbox.put(type, flags, streamId, payload);
  }

  putData(streamId: number, data: Uint8Array): void {
    this.#window -= data.length;
    this.#outbox.put(FrameType.DATA, 0, streamId, data);
  }

  putHeaders(flags: number, streamId: number, block: Buffer): void {
    const whole = this.#tableShrank ? Buffer.concat([TABLE_IS_EMPTY, block]) : block;
    this.#tableShrank = false;
    const most = this.#maxFrameBytes;
    let type: number = FrameType.HEADERS;
    let more = flags;
    let at = 0;
    for (; whole.length - at > most; at += most) {
      this.put(type, more, streamId, whole.subarray(at, at + most));
      type = FrameType.CONTINUATION;
      more = 0;
    }
    this.put(type, more | FrameFlag.END_HEADERS, streamId, at === 0 ? whole : whole.subarray(at));
  }

  /**
   * Answers a frame, of which a client that does not read can send any number.
   * @throws Http2Error when it leaves too many answers unread
   */
  answer(type: number, flags: number, streamId: number, payload?: Uint8Array): void {
    this.put(type, flags, streamId, payload);
    this.checkRead();
  }

  /**
   * Behind headers too: a client can have any number of calls refused, each of which is over with them.
   * @throws Http2Error when it leaves too much unread
   */
  checkRead(): void {
    if (this.#outbox.isBlocked && this.#socket.writableLength > MAX_UNHELD_BYTES) throw new TooMuchUnread();
  }

  goAway(lastId: number, code: Http2Code): void {
    this.put(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(lastId), uint32(code)]));
    this.#outbox.flush();
  }

  flush(): void {
    this.#outbox.flush();
  }

  /** What waits in the streams until the client reads on. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** That became so much more, or less. */
  queued(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#unread.changed(bytes);
  }

  /** The stream goes on when the client read something. */
  wait(stream: Waiting): void {
    this.#waiting.add(stream);
  }

  forget(stream: Waiting): void {
    this.#waiting.delete(stream);
  }

  /** @throws Http2Error */
  grow(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW) throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
    this.resume();
  }

  /** @returns by how much the windows of all streams change */
  apply(settings: ReadonlyMap<number, number>): number {
    if ((settings.get(Setting.HEADER_TABLE_SIZE) ?? TABLE_BYTES) < TABLE_BYTES) this.#tableShrank = true;
    this.#maxFrameBytes = settings.get(Setting.MAX_FRAME_SIZE) ?? this.#maxFrameBytes;
    const before = this.streamWindow;
    this.streamWindow = settings.get(Setting.INITIAL_WINDOW_SIZE) ?? before;
    return this.streamWindow - before;
  }

  /** Those who wait send a frame each, in turns, while the client takes more. */
  resume(): void {
    for (const stream of this.#waiting) {
      if (this.frameBytes <= 0) return;
      // Behind the others, where it has more.
      this.#waiting.delete(stream);
      stream.sendFrame();
    }
  }
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export class TooMuchUnread extends Http2Error {
  constructor() {
    super(Http2Code.ENHANCE_YOUR_CALM, 'the peer does not read what it asks for');
  }
}
