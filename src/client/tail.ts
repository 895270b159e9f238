import { delay } from '../base/delay.ts';
import { Deferred } from '../base/deferred.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { Event } from '../base/emitter.ts';
import { CodedError, errorText } from '../base/errors.ts';
import { Perm } from '../protocol/bodies/route.ts';
import type { QueueData, TopicRoute } from '../protocol/bodies/route.ts';
import { preferredAddress } from './admin.ts';
import type { ClusterContext } from './clusterContext.ts';
import { findOffset, pull, readMaxOffset, readMinOffset } from './pull.ts';
import type { QueueAt } from './pull.ts';
import type { ReceivedMessage } from './receivedMessage.ts';
import { routeQueues } from './routeQueues.ts';

/** Reads along a topic. It joins no group and commits nothing. */
export interface Tail extends Disposable {
  /** Messages of one queue, in its order. */
  readonly onMessages: Event<readonly ReceivedMessage[]>;
  /** What keeps the tail from reading, when that changes; undefined when all is well again. It goes on trying. */
  readonly onProblem: Event<CodedError | undefined>;
  /** Settles when it stands at its place in every queue: whatever is sent from then on will be told. Never rejects. */
  readonly ready: Promise<void>;
  /** Stops reading; `resume` goes on at the same place. */
  pause(): void;
  resume(): void;
}

export interface TailOptions {
  /** Where to begin in the queues that are there: after the last message (default) or at the first that is left. */
  readonly from?: 'latest' | 'earliest' | undefined;
}

/** How often the route is read again for queues that came or went. */
const ROUTE_PERIOD_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;

export class TopicTail implements Tail {
  readonly #context: ClusterContext;
  readonly #topic: string;
  readonly #from: 'latest' | 'earliest';
  readonly #startedAtMs: number;
  readonly #onDispose: () => void;
  readonly #messages = new Emitter<readonly ReceivedMessage[]>();
  readonly #problem = new Emitter<CodedError | undefined>();
  readonly #ready = new Deferred<void>();
  readonly #end = new AbortController();
  readonly #queues = new Map<string, Follower>();
  /** By queue, and `route` for the route. */
  readonly #problems = new Map<string, CodedError>();
  #told: CodedError | undefined;
  #resumed: Deferred<void> | undefined;
  #isFirstRoute = true;

  readonly onMessages = this.#messages.event;
  readonly onProblem = this.#problem.event;
  readonly ready = this.#ready.promise;

  /** Begins to read; `onDispose` is called once at its end. */
  constructor(
    context: ClusterContext,
    topic: string,
    { from = 'latest' }: TailOptions = {},
    onDispose: () => void = () => undefined,
  ) {
    this.#context = context;
    this.#topic = topic;
    this.#from = from;
    this.#onDispose = onDispose;
    this.#startedAtMs = context.clock.now();
    void this.#followRoute();
  }

  pause(): void {
    if (this.#resumed !== undefined || this.#end.signal.aborted) return;
    this.#resumed = new Deferred();
    for (const follower of this.#queues.values()) follower.pull?.abort();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  dispose(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    for (const follower of this.#queues.values()) follower.stop();
    this.#queues.clear();
    this.resume();
    this.#ready.resolve();
    this.#messages.dispose();
    this.#problem.dispose();
    this.#onDispose();
  }

  async #followRoute(): Promise<void> {
    const { clock, nameServers } = this.#context;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted;) {
      try {
        this.#takeRoute(await nameServers.route(this.#topic));
        this.#solved('route');
        failures = 0;
      } catch (error) {
        failures += 1;
        // Without a NameServer the queues that are known can still be read.
        if (this.#queues.size === 0 || isGone(error)) this.#failed('route', error);
        if (isGone(error)) this.#stopQueues();
        this.#isFirstRoute = false;
        this.#ready.resolve();
      }
      await delay(clock, failures === 0 ? ROUTE_PERIOD_MS : retryMs(failures), signal);
    }
  }

  #takeRoute(route: TopicRoute): void {
    if (this.#end.signal.aborted) return;
    const queues = new Map(readableQueues(this.#topic, route).map((queue) => [queueName(queue), queue]));
    for (const [name, follower] of this.#queues) {
      const queue = queues.get(name);
      if (queue === undefined) this.#stopQueue(name, follower);
      else follower.queue = queue;
    }
    const begun: Promise<void>[] = [];
    for (const [name, queue] of queues) {
      if (this.#queues.has(name)) continue;
      const follower = new Follower(queue);
      this.#queues.set(name, follower);
      void this.#followQueue(name, follower, this.#isFirstRoute);
      begun.push(follower.stands.promise);
    }
    if (this.#isFirstRoute) void Promise.all(begun).then(() => this.#ready.resolve());
    this.#isFirstRoute = false;
  }

  async #followQueue(name: string, follower: Follower, isKnownFromStart: boolean): Promise<void> {
    const { clock, pool } = this.#context;
    let offset: number | undefined;
    let isFirstAttempt = isKnownFromStart;
    for (let failures = 0; !follower.hasStopped();) {
      try {
        offset ??= await this.#begin(follower.queue, isFirstAttempt);
        follower.stands.resolve();
        await this.#resumed?.promise;
        if (follower.hasStopped()) return;
        follower.pull = new AbortController();
        // After a failure the answer is wanted at once: it tells that all is well again.
        const { signal } = follower.pull;
        const pulled = await pull(pool, follower.queue, offset, { signal, waits: failures === 0 });
        if (follower.hasStopped()) return;
        failures = 0;
        this.#solved(name);
        // Paused while the answer came: it is asked for again.
        if (this.#resumed !== undefined) continue;
        offset = pulled.nextOffset;
        if (pulled.messages.length > 0) this.#messages.fire(pulled.messages);
      } catch (error) {
        follower.stands.resolve();
        if (follower.pull?.signal.aborted === true) continue;
        isFirstAttempt = false;
        failures += 1;
        this.#failed(name, error);
        await delay(clock, retryMs(failures), follower.signal);
      }
    }
  }

  /**
   * A queue that came later, or that could not be asked when the tail began, is read from what was stored since then:
   * nothing of it was seen yet.
   */
  #begin(queue: QueueAt, isAtStart: boolean): Promise<number> {
    const { pool, timeoutMs } = this.#context;
    if (this.#from === 'earliest') return readMinOffset(pool, queue, { timeoutMs });
    if (isAtStart) return readMaxOffset(pool, queue, { timeoutMs });
    return findOffset(pool, queue, this.#startedAtMs, { timeoutMs });
  }

  #stopQueues(): void {
    for (const [name, follower] of this.#queues) this.#stopQueue(name, follower);
  }

  #stopQueue(name: string, follower: Follower): void {
    follower.stop();
    this.#queues.delete(name);
    this.#solved(name);
  }

  #failed(name: string, error: unknown): void {
    if (this.#end.signal.aborted) return;
    const problem =
      error instanceof CodedError ? error : new CodedError('internal', { reason: errorText(error) }, { cause: error });
    this.#context.logger.warn(`tail of ${this.#topic} (${name}): ${problem.message}`);
    this.#problems.set(name, problem);
    this.#tellProblem();
  }

  #solved(name: string): void {
    if (this.#problems.delete(name)) this.#tellProblem();
  }

  /** Tells the oldest problem, once for each message that it has. */
  #tellProblem(): void {
    const [problem] = this.#problems.values();
    if (problem?.message === this.#told?.message) return;
    this.#told = problem;
    this.#problem.fire(problem);
  }
}

/** One queue that is read, and what ends or interrupts that. */
class Follower {
  queue: QueueAt;
  /** The pull under way. */
  pull: AbortController | undefined;
  /** Settles when the first offset is known, or could not be. */
  readonly stands = new Deferred<void>();
  readonly #end = new AbortController();

  constructor(queue: QueueAt) {
    this.queue = queue;
  }

  hasStopped(): boolean {
    return this.#end.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  stop(): void {
    this.#end.abort();
    this.pull?.abort();
    this.stands.resolve();
  }
}

function readableQueues(topic: string, route: TopicRoute): readonly QueueAt[] {
  const readQueueNums = (queue: QueueData): number => queue.readQueueNums;
  return routeQueues(route, Perm.READ, readQueueNums, preferredAddress).map((queue) => ({ topic, ...queue }));
}

function queueName({ brokerName, queueId }: QueueAt): string {
  return `${brokerName}:${queueId}`;
}

function isGone(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'topic-not-found';
}

function retryMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}
