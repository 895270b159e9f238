import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { CodedError } from '../base/errors.ts';
import type { RemotingCommand } from '../protocol/command.ts';

/**
 * Our requests that wait for an answer. Each one is settled exactly once: answered, timed out, cancelled or rejected
 * with the end of the connection. One timer serves all of them.
 */
export class PendingRequests {
  readonly #address: string;
  readonly #clock: Clock;
  readonly #watch: TimeoutWatch;
  readonly #waiting = new Map<number, Waiting>();
  #timer: Disposable | undefined;
  #timerDueMs = Infinity;

  constructor(address: string, clock: Clock, watch: TimeoutWatch) {
    this.#address = address;
    this.#clock = clock;
    this.#watch = watch;
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(opaque: number): boolean {
    return this.#waiting.has(opaque);
  }

  /** Rejects with `request-timeout` after `timeoutMs`, with `cancelled` when the signal aborts first. */
  add(
    opaque: number,
    requestCode: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      const dueMs = this.#clock.now() + timeoutMs;
      const mark = this.#watch.mark();
      const waiting: Waiting = { requestCode, timeoutMs, dueMs, mark, resolve, reject, signal, onAbort: undefined };
      if (signal !== undefined) {
        waiting.onAbort = () => this.#take(opaque)?.reject(new CodedError('cancelled'));
        signal.addEventListener('abort', waiting.onAbort, { once: true });
      }
      this.#waiting.set(opaque, waiting);
      if (dueMs < this.#timerDueMs) this.#arm(dueMs);
    });
  }

  /** False when nobody waits for this answer (any more). */
  answer(command: RemotingCommand): boolean {
    const waiting = this.#take(command.opaque);
    waiting?.resolve(command);
    return waiting !== undefined;
  }

  reject(opaque: number, error: unknown): void {
    this.#take(opaque)?.reject(error);
  }

  rejectAll(error: CodedError): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    for (const opaque of [...this.#waiting.keys()]) this.reject(opaque, error);
  }

  #take(opaque: number): Waiting | undefined {
    const waiting = this.#waiting.get(opaque);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(opaque);
    if (waiting.onAbort !== undefined) waiting.signal?.removeEventListener('abort', waiting.onAbort);
    return waiting;
  }

  /** Stays armed while requests come and go: thousands a second share one timer. */
  #arm(dueMs: number): void {
    this.#timer?.dispose();
    this.#timerDueMs = dueMs;
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#clock.now()), () => this.#sweep());
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    let nextMs = Infinity;
    this.#timer = undefined;
    this.#timerDueMs = Infinity;
    for (const [opaque, { dueMs, requestCode, timeoutMs, mark }] of this.#waiting) {
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      const error = new CodedError('request-timeout', { address: this.#address, requestCode, timeoutMs });
      this.reject(opaque, error);
      this.#watch.onTimeout(error, mark);
    }
    if (nextMs < Infinity && this.#waiting.size > 0) this.#arm(nextMs);
  }
}

/** Tells the owner of a timeout, with what `mark` said when the request began. */
interface TimeoutWatch {
  mark(): number;
  onTimeout(error: CodedError, mark: number): void;
}

interface Waiting {
  readonly requestCode: number;
  readonly timeoutMs: number;
  readonly dueMs: number;
  readonly mark: number;
  readonly resolve: (command: RemotingCommand) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}
