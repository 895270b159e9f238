import { delay } from '../../base/delay.ts';
import { Deferred } from '../../base/deferred.ts';
import { Emitter } from '../../base/emitter.ts';
import { CodedError, errorText, isCodedError } from '../../base/errors.ts';
import type { ReceivedMessage } from '../receivedMessage.ts';
import type { Tail } from '../tail.ts';
import type { EndpointCalls } from './endpointCalls.ts';
import type { EndpointContext } from './endpointContext.ts';
import { readRoute } from './endpointRoute.ts';
import type { EndpointQueue } from './endpointModel.ts';
import { receivedEndpointMessage } from './receivedEndpointMessage.ts';
import { openTelemetry } from './telemetry.ts';
import type { WireMessage } from './wireMessage.ts';

/** Of official clients. */
const HEARTBEAT_MS = 10_000;
const LONG_POLL_MS = 20_000;
const BATCH = 32;
/** How long a message that was not acknowledged stays away from others. */
const INVISIBLE_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;

/** Reads a topic as a member of a group: a simple consumer that acknowledges what it was given. Sheet §3.7. */
export class GroupTail implements Tail {
  readonly #context: EndpointContext;
  readonly #topic: string;
  readonly #group: string;
  readonly #calls: EndpointCalls;
  readonly #onDispose: () => void;
  readonly #messages = new Emitter<readonly ReceivedMessage[]>();
  readonly #problem = new Emitter<CodedError | undefined>();
  readonly #ready = new Deferred<void>();
  readonly #end = new AbortController();
  /** Receives that are under way, and what interrupts them. */
  readonly #receiving = new Set<AbortController>();
  #resumed: Deferred<void> | undefined;
  #told: CodedError | undefined;

  readonly onMessages = this.#messages.event;
  readonly onProblem = this.#problem.event;
  readonly ready = this.#ready.promise;
  /** Settles when the endpoint knows that the tail ended, or could not be told. Never rejects. */
  readonly left: Promise<void>;

  /** Begins to read; `onDispose` is called once at its end. */
  constructor(
    context: EndpointContext,
    { topic, group }: { readonly topic: string; readonly group: string },
    onDispose: () => void,
  ) {
    this.#context = context;
    this.#topic = topic;
    this.#group = group;
    this.#calls = context.newClient();
    this.#onDispose = onDispose;
    this.left = this.#run();
  }

  pause(): void {
    if (this.#resumed !== undefined || this.#end.signal.aborted) return;
    this.#resumed = new Deferred();
    for (const receive of this.#receiving) receive.abort();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  dispose(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    for (const receive of this.#receiving) receive.abort();
    this.resume();
    this.#ready.resolve();
    this.#messages.dispose();
    this.#problem.dispose();
    this.#onDispose();
  }

  async #run(): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#end;
    for (let failures = 0; !this.#hasEnded();) {
      try {
        // To have joined is no success yet: who may not receive would join again and again.
        await this.#beMember(() => (failures = 0));
      } catch (error) {
        if (this.#hasEnded()) return;
        failures += 1;
        this.#tell(coded(error));
        this.#ready.resolve();
        await delay(clock, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)), signal);
      }
    }
  }

  /** Joins the group and receives until something fails or the tail ends; then takes leave. */
  async #beMember(received: () => void): Promise<void> {
    const { wire, settingsOf, clock, timeoutMs, logger } = this.#context;
    const { encodeConsumerSettings, decodeSettings, encodeHeartbeat, decodeHeartbeat } = await wire();
    const queues = await this.#readableQueues();
    const member = { group: this.#group, topic: this.#topic };
    const telemetry = await openTelemetry(this.#calls, encodeConsumerSettings(member, LONG_POLL_MS, settingsOf), {
      ...{ decode: decodeSettings, clock, timeoutMs },
    });
    const over = new AbortController();
    const lost = new Deferred<never>();
    const fail = (error: unknown): void => lost.reject(error);
    const beat = (): void =>
      void this.#calls.ask('Heartbeat', encodeHeartbeat(this.#group), decodeHeartbeat).catch((error: unknown) => {
        logger.warn(`heartbeat of ${this.#group} at ${this.#calls.address}: ${errorText(error)}`);
      });
    telemetry.done.then(() => fail(new CodedError('connection-closed', { address: this.#calls.address })), fail);
    const ended = untilAborted(this.#end.signal);
    beat();
    const heartbeats = clock.every(HEARTBEAT_MS, beat);
    try {
      this.#ready.resolve();
      const loops = queues.map((queue) => this.#follow(queue, over.signal, received));
      await Promise.race([ended, lost.promise, ...loops]);
    } finally {
      over.abort();
      for (const receive of this.#receiving) receive.abort();
      heartbeats.dispose();
      await this.#leave();
      telemetry.close();
    }
  }

  /** The endpoint would find out by itself, a while later. */
  async #leave(): Promise<void> {
    const { wire, logger } = this.#context;
    const { encodeTermination, decodeTermination } = await wire();
    try {
      await this.#calls.ask('NotifyClientTermination', encodeTermination(this.#group), decodeTermination);
    } catch (error) {
      logger.warn(`${this.#group} cannot take leave of ${this.#calls.address}: ${errorText(error)}`);
    }
  }

  /** One a broker: whatever queue is named, the endpoint looks into all that the broker has of the topic. Sheet §5. */
  async #readableQueues(): Promise<readonly EndpointQueue[]> {
    const queues = await readRoute(this.#context, this.#calls, this.#topic);
    const byBroker = new Map<string, EndpointQueue>();
    for (const queue of queues) {
      const isReadable = queue.permission === 'read' || queue.permission === 'readWrite';
      if (isReadable && !byBroker.has(queue.brokerName)) byBroker.set(queue.brokerName, queue);
    }
    if (byBroker.size === 0) throw new CodedError('no-readable-queue', { topic: this.#topic });
    return [...byBroker.values()];
  }

  async #follow(queue: EndpointQueue, over: AbortSignal, received: () => void): Promise<void> {
    const isOver = (): boolean => over.aborted || this.#hasEnded();
    while (!isOver()) {
      await this.#resumed?.promise;
      if (isOver()) return;
      const receive = new AbortController();
      this.#receiving.add(receive);
      try {
        const messages = await this.#receive(queue, receive.signal);
        received();
        this.#tell(undefined);
        if (messages.length === 0) continue;
        this.#messages.fire(messages.map((message) => receivedEndpointMessage(message, queue.brokerName)));
        await this.#acknowledge(messages);
      } catch (error) {
        if (!isCodedError(error, 'cancelled')) throw error;
      } finally {
        this.#receiving.delete(receive);
      }
    }
  }

  async #receive(queue: EndpointQueue, signal: AbortSignal): Promise<readonly WireMessage[]> {
    const { wire, timeoutMs } = this.#context;
    const { encodeReceive, decodeReceived } = await wire();
    const messages: WireMessage[] = [];
    const call = await this.#calls.begin('ReceiveMessage', {
      signal,
      timeoutMs: LONG_POLL_MS + timeoutMs,
      message: (bytes) => {
        const { verdict, message } = decodeReceived(bytes);
        // Nothing came within the time.
        if (verdict !== undefined && verdict.refusal !== 'MESSAGE_NOT_FOUND')
          this.#calls.check('ReceiveMessage', verdict);
        if (message !== undefined) messages.push(message);
      },
    });
    call.send(
      encodeReceive({
        group: this.#group,
        ...{ queue, batchSize: BATCH, invisibleMs: INVISIBLE_MS, longPollMs: LONG_POLL_MS },
      }),
    );
    call.halfClose();
    await call.done;
    return messages;
  }

  /** What cannot be acknowledged comes again: that is told, and reading goes on. */
  async #acknowledge(messages: readonly WireMessage[]): Promise<void> {
    const { encodeAck, decodeAck } = await this.#context.wire();
    try {
      const request = encodeAck({ group: this.#group, topic: this.#topic }, messages);
      await this.#calls.ask('AckMessage', request, decodeAck);
    } catch (error) {
      this.#tell(coded(error));
    }
  }

  #hasEnded(): boolean {
    return this.#end.signal.aborted;
  }

  /** Once for each message that it has. */
  #tell(problem: CodedError | undefined): void {
    if (this.#end.signal.aborted || problem?.message === this.#told?.message) return;
    this.#told = problem;
    if (problem !== undefined)
      this.#context.logger.warn(`tail of ${this.#topic} as ${this.#group}: ${problem.message}`);
    this.#problem.fire(problem);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function coded(error: unknown): CodedError {
  return isCodedError(error) ? error : new CodedError('internal', { reason: errorText(error) }, { cause: error });
}
