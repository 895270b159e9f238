import type { Headers } from '../../protocol/http2/hpackDecoder.ts';
import type { Http2Code } from '../../protocol/http2/http2Code.ts';
import { FrameFlag, FrameType, MAX_WINDOW } from '../../protocol/http2/http2Code.ts';
import { withoutCrumbs } from '../../protocol/crumbs.ts';
import { uint32 } from './http2Sender.ts';
import type { Http2Sender } from './http2Sender.ts';
import { ReceiveWindow } from './receiveWindow.ts';

/** Whom a stream tells what happens to it. */
export interface Http2Reader {
  /** A part of what the client sends. */
  data(chunk: Buffer): void;
  /** The client sends no more. */
  end(): void;
  /** What was written waits no longer for the client to read on. */
  drained(): void;
  /** All that the client will get was handed over. */
  sent(): void;
  /** The server stops: what is to be said is said now. */
  leave(): void;
  /** Called once, when neither side can say anything more. */
  closed(): void;
}

/** The connection of a stream. */
export interface Http2Carrier {
  readonly sender: Http2Sender;
  /** So much of what came was read. */
  read(bytes: number): void;
  forget(stream: Http2Stream): void;
  /** It cannot go on. */
  fail(error: unknown): void;
}

/** More waits only when the client does not read as fast as is written. */
const HIGH_WATER_BYTES = 16 * 1024;

/** A request and its answer. Source: RFC 9113 §5. */
export class Http2Stream {
  readonly id: number;
  readonly headers: Headers;
  /** Set by whoever takes the request. */
  reader: Http2Reader | undefined;
  /** Of the table it is in. */
  next: Http2Stream | undefined;
  readonly #carrier: Http2Carrier;
  readonly #sender: Http2Sender;
  readonly #receiveWindow: ReceiveWindow;
  #receivedBytes = 0;
  #sendWindow: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #trailers: Buffer | undefined;
  /** What came while nobody wanted to read it. */
  #unread: Buffer[] | undefined;
  #unreadBytes = 0;
  #isReadEnd = false;
  #isEndDelivered = false;
  #isHeadSent = false;
  #isSentEnd = false;
  #isClosed = false;

  constructor(id: number, headers: Headers, carrier: Http2Carrier, windowBytes: number) {
    this.id = id;
    this.headers = headers;
    this.#carrier = carrier;
    this.#sender = carrier.sender;
    this.#receiveWindow = new ReceiveWindow(carrier.sender, id, windowBytes);
    this.#sendWindow = carrier.sender.streamWindow;
  }

  /** Of a header that came more than once the first. */
  header(name: string): string | undefined {
    const { headers } = this;
    for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
    return undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isHeadSent(): boolean {
    return this.#isHeadSent;
  }

  /** All that the client will get was handed over. */
  get isSentEnd(): boolean {
    return this.#isSentEnd;
  }

  /** The client sends no more. */
  get isReadEnd(): boolean {
    return this.#isReadEnd;
  }

  /** What was written and waits until the client reads on. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get needsDrain(): boolean {
    return this.#queuedBytes >= HIGH_WATER_BYTES;
  }

  /** @param isEnd nothing follows */
  respond(block: Buffer, isEnd = false): void {
    if (this.#isClosed || this.#isHeadSent) return;
    this.#isHeadSent = true;
    this.#putHeaders(isEnd ? FrameFlag.END_STREAM : 0, block);
    if (isEnd) this.#sentEnd();
  }

  write(data: Uint8Array): void {
    if (this.#isClosed || this.#isSentEnd || data.length === 0) return;
    this.#queue.push(data);
    this.#count(data.length);
    this.#send();
  }

  end(trailers: Buffer): void {
    if (this.#isClosed || this.#isSentEnd) return;
    this.#trailers = trailers;
    this.#send();
  }

  /** Ends it in both directions; what was not sent never will be. */
  reset(code: Http2Code): void {
    if (this.#isClosed) return;
    this.#sender.put(FrameType.RST_STREAM, 0, this.id, uint32(code));
    this.close();
  }

  /** What comes is kept, within the window of the stream, until `read`. */
  pause(): void {
    this.#unread ??= [];
  }

  read(): void {
    const unread = this.#unread;
    this.#unread = undefined;
    this.#unreadBytes = 0;
    if (unread === undefined || this.#isClosed) return;
    for (const chunk of unread) this.#take(chunk, chunk.length);
    this.#deliverEnd();
  }

  sendFrame(): void {
    if (this.#sendData() && this.#queue.length > 0) this.#sender.wait(this);
    else this.#sendTrailers();
  }

  /* What follows is for the connection alone. */

  /** @param bytes what it takes of the windows, padding included. @returns false when that is more than was allowed */
  received(chunk: Buffer, bytes: number): boolean {
    if (!this.#receiveWindow.take(bytes)) return false;
    this.#receivedBytes += chunk.length;
    this.#take(chunk, bytes);
    return true;
  }

  /** @returns false when the client said that it sends another number of bytes */
  receivedEnd(): boolean {
    if (this.#isReadEnd) return true;
    this.#isReadEnd = true;
    if (this.#receivedBytes !== this.#announcedBytes()) return false;
    this.#deliverEnd();
    return true;
  }

  /** The client ends it, in both directions. */
  receivedReset(): void {
    this.#isReadEnd = true;
    this.close();
  }

  /** What waits is sent with the next `resume` of the connection. @returns false when the window would be larger than any may be */
  grow(bytes: number): boolean {
    this.#sendWindow += bytes;
    if (this.#sendWindow > MAX_WINDOW) return false;
    if (this.#sendWindow > 0 && this.#queue.length > 0) this.#sender.wait(this);
    return true;
  }

  /** Neither side says anything more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#carrier.read(this.#unreadBytes);
    this.#unread = undefined;
    this.#unreadBytes = 0;
    this.#queue = [];
    this.#count(-this.#queuedBytes);
    this.#sender.forget(this);
    this.#carrier.forget(this);
    this.reader?.closed();
  }

  /** What the client said that it sends. Source: RFC 9113 §8.1.1. */
  #announcedBytes(): number {
    const announced = this.header('content-length');
    return announced === undefined ? this.#receivedBytes : Number(announced);
  }

  #take(chunk: Buffer, bytes: number): void {
    if (this.#unread !== undefined && !this.#isClosed) {
      if (chunk.length > 0) {
        this.#unread.push(chunk);
        this.#unreadBytes += chunk.length;
        this.#unread = withoutCrumbs(this.#unread, this.#unreadBytes);
      }
      this.#read(bytes - chunk.length);
      return;
    }
    if (chunk.length > 0 && !this.#isClosed) this.reader?.data(chunk);
    this.#read(bytes);
  }

  #deliverEnd(): void {
    if (!this.#isReadEnd || this.#isEndDelivered || this.#unread !== undefined) return;
    this.#isEndDelivered = true;
    this.reader?.end();
    if (this.#isSentEnd) this.close();
  }

  #read(bytes: number): void {
    this.#carrier.read(bytes);
    if (!this.#isReadEnd && !this.#isClosed) this.#receiveWindow.read(bytes);
  }

  /** Sends what waits, as far as the windows allow. */
  #send(): void {
    while (this.#sendData());
    this.#sendTrailers();
  }

  /** A frame of what waits. @returns false when nothing waits, or the client takes no more */
  #sendData(): boolean {
    const [data] = this.#queue;
    if (data === undefined || this.#sendWindow <= 0 || this.#isClosed) return false;
    const sender = this.#sender;
    const most = Math.min(sender.frameBytes, this.#sendWindow);
    if (most <= 0) {
      sender.wait(this);
      return false;
    }
    const piece = data.length <= most ? data : data.subarray(0, most);
    if (piece === data) this.#queue.shift();
    else this.#queue[0] = data.subarray(most);
    this.#sendWindow -= piece.length;
    const beforeBytes = this.#queuedBytes;
    this.#count(-piece.length);
    sender.putData(this.id, piece);
    if (beforeBytes >= HIGH_WATER_BYTES && !this.needsDrain) this.reader?.drained();
    return true;
  }

  /** Behind all data. */
  #sendTrailers(): void {
    if (this.#trailers === undefined || this.#queue.length > 0 || this.#isSentEnd || this.#isClosed) return;
    this.#putHeaders(FrameFlag.END_STREAM, this.#trailers);
    this.#sentEnd();
  }

  #sentEnd(): void {
    this.#isSentEnd = true;
    this.reader?.sent();
    if (this.#isReadEnd) this.close();
  }

  #putHeaders(flags: number, block: Buffer): void {
    this.#sender.putHeaders(flags, this.id, block);
    try {
      this.#sender.checkRead();
    } catch (error) {
      this.#carrier.fail(error);
    }
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#sender.queued(bytes);
  }
}
