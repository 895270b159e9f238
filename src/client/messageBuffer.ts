import { RingBuffer } from '../base/ringBuffer.ts';
import type { ReceivedMessage } from './receivedMessage.ts';

export interface MessageRow {
  /** Position since the tail began or was cleared; never changes, also when older rows fall out. */
  readonly number: number;
  readonly message: ReceivedMessage;
}

/** Keeps the newest messages of a tail: at most `capacity`, and at most `maxBytes` of bodies. */
export class MessageBuffer {
  readonly #ring: RingBuffer<ReceivedMessage>;
  readonly #maxBytes: number;
  #sizeBytes = 0;

  constructor(capacity: number, maxBytes = 256 * 1024 * 1024) {
    this.#ring = new RingBuffer(capacity);
    this.#maxBytes = maxBytes;
  }

  get capacity(): number {
    return this.#ring.capacity;
  }

  get held(): number {
    return this.#ring.size;
  }

  /** Number of the oldest row that is held. */
  get first(): number {
    return this.#ring.first;
  }

  /** What the bodies that are held take. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(messages: readonly ReceivedMessage[]): void {
    for (const message of messages) {
      if (this.#ring.size === this.#ring.capacity) this.#dropOldest();
      this.#ring.push(message);
      this.#sizeBytes += message.body.length;
      // The newest message stays, whatever its size.
      while (this.#sizeBytes > this.#maxBytes && this.#ring.size > 1) this.#dropOldest();
    }
  }

  /** Up to `limit` rows from number `first` on, oldest first; starts at the oldest held when `first` is gone. */
  rows(first: number, limit: number): readonly MessageRow[] {
    const from = Math.max(first, this.#ring.first);
    return this.#ring.slice(from, limit).map((message, index) => ({ number: from + index, message }));
  }

  /** Undefined when it was never there or fell out. */
  get(number: number): ReceivedMessage | undefined {
    return this.#ring.get(number);
  }

  clear(): void {
    this.#ring.clear();
    this.#sizeBytes = 0;
  }

  #dropOldest(): void {
    this.#sizeBytes -= this.#ring.shift()?.body.length ?? 0;
  }
}
