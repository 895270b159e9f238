import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { PoppedMessages } from '../pop/ackMessages.ts';
import { changeInvisibleTime } from '../pop/changeInvisibleTime.ts';
import { nextDelay } from './groupBackoff.ts';
import type { GrpcClient } from './grpcClient.ts';

/** Source: ProxyConfig.java, RenewStrategyPolicy.java; gRPC sheet §4.7. */
const SCAN_MS = 5000;
const AHEAD_MS = 10_000;
const MAX_FAILURES = 3;
const MAX_MS = 3 * 3_600_000;
const GONE_CLIENT_MS = 1000;
const STEPS_MS = [1, 3, 5, 10, 30, 60].map((minutes) => minutes * 60_000);

/** Which message of a group; the same for each of its handles. */
export interface MessagePlace {
  readonly group: string;
  /** The topic that holds it. */
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
}

interface Held {
  /** Of its newest receipt. */
  messages: PoppedMessages;
  readonly offset: number;
  readonly reconsumeTimes: number;
  readonly receivedMs: number;
  count: number;
  failures: number;
  renewing: Promise<void> | undefined;
}

/**
 * What push consumers work on stays invisible for others: its time is made longer until the client answers, is gone or
 * needs more than three hours. The client keeps the handle that it was given. Source: DefaultReceiptHandleManager.java.
 */
export class Renewals implements Disposable {
  readonly #broker: BrokerContext;
  readonly #clients = new Map<GrpcClient, Map<string, Held>>();
  #scan: Disposable | undefined;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
  }

  /** Messages that are renewed. */
  get size(): number {
    let size = 0;
    for (const messages of this.#clients.values()) size += messages.size;
    return size;
  }

  add(client: GrpcClient, messages: PoppedMessages, offset: number, reconsumeTimes: number): void {
    const { clock } = this.#broker;
    let ofClient = this.#clients.get(client);
    if (ofClient === undefined) {
      this.#clients.set(client, (ofClient = new Map<string, Held>()));
      client.onClose(() => this.#release(client));
    }
    const receivedMs = clock.now();
    const held = { messages, offset, reconsumeTimes, receivedMs, count: 0, failures: 0, renewing: undefined };
    ofClient.set(keyOf({ ...messages, offset }), held);
    this.#scan ??= clock.every(SCAN_MS, () => this.#renewDue());
  }

  /** The newest receipt of a message that the client received, which is renewed no more. */
  async take(client: GrpcClient, place: MessagePlace): Promise<PoppedMessages | undefined> {
    const key = keyOf(place);
    const messages = this.#clients.get(client);
    const held = messages?.get(key);
    if (held === undefined) return undefined;
    messages?.delete(key);
    this.#restIfEmpty();
    await held.renewing;
    return held.messages;
  }

  /** Nothing is renewed any more; what clients hold is theirs until its time is over. */
  dispose(): void {
    this.#clients.clear();
    this.#restIfEmpty();
  }

  #renewDue(): void {
    const now = this.#broker.clock.now();
    for (const messages of this.#clients.values()) {
      for (const [key, held] of messages) {
        const { popTime, invisibleTime } = held.messages;
        if (held.renewing !== undefined || popTime + invisibleTime - now > AHEAD_MS) continue;
        const isLast = now - held.receivedMs >= MAX_MS;
        if (isLast) messages.delete(key);
        const stepMs = isLast ? this.#retryDelay(held) : (STEPS_MS[held.count] ?? STEPS_MS.at(-1) ?? 0);
        held.renewing = this.#change(held, stepMs).then((renewed) => {
          held.renewing = undefined;
          if (!renewed && held.failures >= MAX_FAILURES) messages.delete(key);
        });
      }
    }
    this.#restIfEmpty();
  }

  /** As long as a message of the group waits that failed. */
  #retryDelay({ messages: { group }, reconsumeTimes }: Held): number {
    return nextDelay(this.#broker.groups.get(group)?.groupRetryPolicy, reconsumeTimes);
  }

  async #change(held: Held, invisibleTimeMs: number): Promise<boolean> {
    const { messages, offset } = held;
    try {
      const changed = await changeInvisibleTime(this.#broker, messages, { offset, invisibleTimeMs, suspend: false });
      if (changed === undefined) throw new Error('it was consumed before');
      held.messages = { ...messages, ...changed, startOffset: offset };
      held.count += 1;
      held.failures = 0;
      return true;
    } catch (error) {
      held.failures += 1;
      const { topic, group } = messages;
      this.#broker.logger.warn(`a message of ${topic} is not kept for ${group}: ${errorText(error)}`);
      return false;
    }
  }

  /** The client is gone: others get what it had. */
  #release(client: GrpcClient): void {
    const messages = this.#clients.get(client);
    if (messages === undefined) return;
    this.#clients.delete(client);
    this.#restIfEmpty();
    for (const held of messages.values()) {
      void (held.renewing ?? Promise.resolve()).then(() => this.#change(held, GONE_CLIENT_MS));
    }
  }

  #restIfEmpty(): void {
    if (this.size > 0) return;
    this.#scan?.dispose();
    this.#scan = undefined;
  }
}

function keyOf({ group, topic, queueId, offset }: MessagePlace): string {
  return `${group}@${topic}@${queueId}@${offset}`;
}
