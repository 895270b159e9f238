import { FrameType } from '../../protocol/http2/http2Code.ts';
import type { Http2Sender } from './http2Sender.ts';
import { uint32 } from './http2Sender.ts';

/** What a client may send before it is read, on one stream or on all together. It grows again by halves. */
export class ReceiveWindow {
  readonly #sender: Http2Sender;
  readonly #streamId: number;
  readonly #bytes: number;
  #leftBytes: number;
  #readBytes = 0;

  constructor(sender: Http2Sender, streamId: number, bytes: number) {
    this.#sender = sender;
    this.#streamId = streamId;
    this.#bytes = this.#leftBytes = bytes;
  }

  /** @returns false when that is more than was allowed */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    return this.#leftBytes >= 0;
  }

  /** So much of what came needs no memory any more. */
  read(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes < this.#bytes / 2) return;
    this.#sender.put(FrameType.WINDOW_UPDATE, 0, this.#streamId, uint32(this.#readBytes));
    this.#leftBytes += this.#readBytes;
    this.#readBytes = 0;
  }
}
