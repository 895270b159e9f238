import type { Headers } from '../../protocol/http2/hpackDecoder.ts';
import { FrameFlag, FrameType, MAX_WINDOW } from '../../protocol/http2/http2Code.ts';
import type { Http2Code } from '../../protocol/http2/http2Code.ts';

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
  /** Called once, when neither side can say anything more. */
  closed(): void;
}

/** What the streams of one connection share. */
export interface Http2Carrier {
  /** What all streams together may send now; 0 while the client does not read. */
  readonly sendBytes: number;
  readonly maxFrameBytes: number;
  put(type: number, flags: number, streamId: number, first?: Uint8Array, second?: Uint8Array): void;
  putData(flags: number, streamId: number, data: Uint8Array): void;
  putHeaders(flags: number, streamId: number, block: Buffer): void;
  /** What is queued by all streams changed. */
  queued(bytes: number): void;
  /** Calls `resume` when more can be sent. */
  wait(stream: Http2Stream): void;
  /** So much of what came was read. */
  consumed(bytes: number): void;
  forget(stream: Http2Stream): void;
}

/** More waits only when the client does not read as fast as is written. */
const HIGH_WATER_BYTES = 16 * 1024;

/** A request and its answer. Source: RFC 9113 §5. */
export class Http2Stream {
  readonly id: number;
  readonly headers: Headers;
  /** Set by whoever takes the request. */
  reader: Http2Reader | undefined;
  readonly #carrier: Http2Carrier;
  readonly #windowBytes: number;
  #receiveWindow: number;
  #consumedBytes = 0;
  #sendWindow: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #trailers: Buffer | undefined;
  /** What came while nobody wanted to read it. */
  #unread: Buffer[] | undefined;
  #isReadEnd = false;
  #isEndDelivered = false;
  #isHeadSent = false;
  #isSentEnd = false;
  #isClosed = false;

  constructor(
    id: number,
    headers: Headers,
    of: { readonly carrier: Http2Carrier; readonly windowBytes: number; readonly sendWindow: number },
  ) {
    this.id = id;
    this.headers = headers;
    this.#carrier = of.carrier;
    this.#windowBytes = this.#receiveWindow = of.windowBytes;
    this.#sendWindow = of.sendWindow;
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
    this.#carrier.putHeaders(isEnd ? FrameFlag.END_STREAM : 0, this.id, block);
    if (isEnd) this.#sentEnd();
  }

  write(data: Uint8Array): void {
    if (this.#isClosed || this.#isSentEnd || data.length === 0) return;
    this.#queue.push(data);
    this.#count(data.length);
    this.resume();
  }

  end(trailers: Buffer): void {
    if (this.#isClosed || this.#isSentEnd) return;
    this.#trailers = trailers;
    this.resume();
  }

  /** Ends it in both directions; what was not sent never will be. */
  reset(code: Http2Code): void {
    if (this.#isClosed) return;
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.#carrier.put(FrameType.RST_STREAM, 0, this.id, payload);
    this.close();
  }

  /** What comes is kept, within the window of the stream, until `read`. */
  pause(): void {
    this.#unread ??= [];
  }

  read(): void {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread === undefined || this.#isClosed) return;
    for (const chunk of unread) this.#take(chunk, chunk.length);
    this.#deliverEnd();
  }

  /** Sends what waits, as far as the windows allow. */
  resume(): void {
    if (this.#isClosed) return;
    const carrier = this.#carrier;
    while (this.#queue.length > 0) {
      const data = this.#queue[0] as Uint8Array;
      if (this.#sendWindow <= 0) return;
      const most = Math.min(carrier.sendBytes, this.#sendWindow, carrier.maxFrameBytes);
      if (most <= 0) {
        carrier.wait(this);
        return;
      }
      const piece = data.length <= most ? data : data.subarray(0, most);
      if (piece === data) this.#queue.shift();
      else this.#queue[0] = data.subarray(most);
      this.#sendWindow -= piece.length;
      const beforeBytes = this.#queuedBytes;
      this.#count(-piece.length);
      carrier.putData(0, this.id, piece);
      if (beforeBytes >= HIGH_WATER_BYTES && !this.needsDrain) this.reader?.drained();
    }
    if (this.#trailers === undefined || this.#isSentEnd) return;
    carrier.putHeaders(FrameFlag.END_STREAM, this.id, this.#trailers);
    this.#sentEnd();
  }

  /* What follows is for the connection alone. */

  /** @param bytes what it takes of the windows, padding included. @returns false when that is more than was allowed */
  received(chunk: Buffer, bytes: number): boolean {
    this.#receiveWindow -= bytes;
    if (this.#receiveWindow < 0) return false;
    this.#take(chunk, bytes);
    return true;
  }

  receivedEnd(): void {
    if (this.#isReadEnd) return;
    this.#isReadEnd = true;
    this.#deliverEnd();
  }

  /** @returns false when the window would be larger than any may be */
  grow(bytes: number): boolean {
    this.#sendWindow += bytes;
    if (this.#sendWindow > MAX_WINDOW) return false;
    if (bytes > 0) this.resume();
    return true;
  }

  /** Neither side says anything more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    let unreadBytes = 0;
    for (const chunk of this.#unread ?? []) unreadBytes += chunk.length;
    this.#unread = undefined;
    this.#carrier.consumed(unreadBytes);
    this.#queue = [];
    this.#count(-this.#queuedBytes);
    this.#carrier.forget(this);
    this.reader?.closed();
  }

  #take(chunk: Buffer, bytes: number): void {
    if (this.#unread !== undefined && !this.#isClosed) {
      this.#unread.push(chunk);
      this.#consumed(bytes - chunk.length);
      return;
    }
    if (chunk.length > 0 && !this.#isClosed) this.reader?.data(chunk);
    this.#consumed(bytes);
  }

  #deliverEnd(): void {
    if (!this.#isReadEnd || this.#isEndDelivered || this.#unread !== undefined) return;
    this.#isEndDelivered = true;
    this.reader?.end();
    if (this.#isSentEnd) this.close();
  }

  #consumed(bytes: number): void {
    this.#carrier.consumed(bytes);
    this.#consumedBytes += bytes;
    if (this.#isReadEnd || this.#isClosed || this.#consumedBytes < this.#windowBytes / 2) return;
    this.#carrier.put(FrameType.WINDOW_UPDATE, 0, this.id, windowIncrement(this.#consumedBytes));
    this.#receiveWindow += this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  #sentEnd(): void {
    this.#isSentEnd = true;
    this.reader?.sent();
    if (this.#isReadEnd) this.close();
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#carrier.queued(bytes);
  }
}

export function windowIncrement(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return payload;
}
