import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { CodedError } from '../../base/errors.ts';
import { MessageBuffer } from '../../client/messageBuffer.ts';
import type { MessageRow } from '../../client/messageBuffer.ts';
import type { ReceivedMessage } from '../../client/receivedMessage.ts';
import type { Tail } from '../../client/tail.ts';

/** Bodies may be 4 MiB long: the number of messages alone would not bound them. */
export const CAPACITY_BYTES = 128 * 1024 * 1024;
const MIN_PERIOD_MS = 100;

/** What is held of a tail. Numbers go on growing over `clear` and over a change of the tail. */
export class TailFeed implements Disposable {
  readonly #buffer: MessageBuffer;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** The number of the buffer's row 0. */
  #base = 0;
  #paused = false;
  #reading = false;
  #problem: CodedError | undefined;
  #tail: Tail | undefined;
  #subscriptions = new DisposableStore();
  #timer: Disposable | undefined;
  #toldAtMs = -Infinity;

  /** `changed` is called when rows, the problem or `reading` change, never twice within 100 ms. */
  constructor({ capacity, clock, changed }: { capacity: number; clock: Clock; changed: () => void }) {
    this.#buffer = new MessageBuffer(capacity, CAPACITY_BYTES);
    this.#clock = clock;
    this.#changed = changed;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the tail stands at its place in every queue. */
  get reading(): boolean {
    return this.#reading;
  }

  get capacity(): number {
    return this.#buffer.capacity;
  }

  get first(): number {
    return this.#base + this.#buffer.first;
  }

  get held(): number {
    return this.#buffer.held;
  }

  get problem(): CodedError | undefined {
    return this.#problem;
  }

  /** Takes what `tail` reads from now on, and owns it; the one before is ended. */
  follow(tail: Tail): void {
    this.#end();
    this.#subscriptions = new DisposableStore();
    this.#tail = tail;
    this.#problem = undefined;
    this.#reading = false;
    this.#subscriptions.add(tail);
    this.#subscriptions.add(
      tail.onMessages((messages) => {
        this.#buffer.add(messages);
        this.#tellSoon();
      }),
    );
    this.#subscriptions.add(
      tail.onProblem((problem) => {
        this.#problem = problem;
        this.#tellSoon();
      }),
    );
    if (this.#paused) tail.pause();
    // Never rejects; see Tail.
    void tail.ready.then(() => {
      if (this.#tail !== tail) return;
      this.#reading = true;
      this.#tellSoon();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#tail?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#tail?.resume();
  }

  clear(): void {
    this.#base = this.first + this.held;
    this.#buffer.clear();
  }

  /** The rows with these numbers that are still held. */
  rows(first: number, limit: number): readonly MessageRow[] {
    const from = Math.max(first, this.first);
    return this.#buffer
      .rows(from - this.#base, Math.max(0, first + limit - from))
      .map(({ number, message }) => ({ number: number + this.#base, message }));
  }

  message(number: number): ReceivedMessage | undefined {
    return this.#buffer.get(number - this.#base);
  }

  dispose(): void {
    this.#end();
    this.#buffer.clear();
  }

  #end(): void {
    this.#subscriptions.dispose();
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#tail = undefined;
  }

  #tellSoon(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#toldAtMs + MIN_PERIOD_MS - this.#clock.now();
    if (waitMs <= 0) {
      this.#tell();
      return;
    }
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    this.#toldAtMs = this.#clock.now();
    this.#changed();
  }
}
