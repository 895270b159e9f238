/** Who subscribes to lite topics, as far as it must be told things. */
export interface LiteClient {
  readonly clientId: string;
  /** Another client of its group has that queue now. */
  readonly evicted: (queue: string) => void;
}

/** What a client subscribes to, and who of it waits for messages. */
export interface LiteSubscriber {
  readonly client: LiteClient;
  readonly group: string;
  readonly topic: string;
  readonly queues: ReadonlySet<string>;
  /** Queues in which there may be something, the longest known first. */
  readonly ready: Set<string>;
  /** Calls of the client that wait. */
  readonly waiting: Set<() => void>;
}

interface Subscriber extends LiteSubscriber {
  readonly queues: Set<string>;
}

/**
 * The queues of lite topics by client, and the clients by queue. Of each group that has clients for a queue one that
 * waits is resumed when there is something in it; all of them know of it. Source: LiteSubscriptionRegistryImpl.java,
 * LiteEventDispatcher.java of 5.5.0.
 */
export class LiteSubscriptions {
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #byQueue = new Map<string, Set<Subscriber>>();
  #size = 0;

  /** Each queue of each client. */
  get size(): number {
    return this.#size;
  }

  get(clientId: string): LiteSubscriber | undefined {
    return this.#subscribers.get(clientId);
  }

  /** The client begins to be known where it was not, or is of another group or topic than before. */
  obtain(client: LiteClient, group: string, topic: string): LiteSubscriber {
    const known = this.#subscribers.get(client.clientId);
    if (known?.group === group && known.topic === topic) return known;
    if (known !== undefined) this.removeClient(client.clientId);
    const subscriber = {
      client,
      group,
      topic,
      queues: new Set<string>(),
      ready: new Set<string>(),
      waiting: new Set<() => void>(),
    };
    this.#subscribers.set(client.clientId, subscriber);
    return subscriber;
  }

  /** @returns false when it had it before */
  add({ client: { clientId } }: LiteSubscriber, queue: string): boolean {
    const subscriber = this.#subscribers.get(clientId);
    if (subscriber === undefined || subscriber.queues.has(queue)) return false;
    subscriber.queues.add(queue);
    let others = this.#byQueue.get(queue);
    if (others === undefined) this.#byQueue.set(queue, (others = new Set<Subscriber>()));
    others.add(subscriber);
    this.#size += 1;
    this.#mayHave(subscriber, queue);
    return true;
  }

  /** @returns false when it did not have it */
  remove({ client: { clientId } }: LiteSubscriber, queue: string): boolean {
    const subscriber = this.#subscribers.get(clientId);
    if (subscriber?.queues.delete(queue) !== true) return false;
    const wasReady = subscriber.ready.delete(queue);
    const others = this.#byQueue.get(queue);
    others?.delete(subscriber);
    if (others?.size === 0) this.#byQueue.delete(queue);
    this.#size -= 1;
    if (wasReady) this.wake(queue, subscriber.group);
    return true;
  }

  /** The client is gone: others of its group get what it would have got. */
  removeClient(clientId: string): void {
    const subscriber = this.#subscribers.get(clientId);
    if (subscriber === undefined) return;
    for (const queue of [...subscriber.queues]) this.remove(subscriber, queue);
    this.#subscribers.delete(clientId);
    for (const resume of [...subscriber.waiting]) resume();
  }

  /** The topic is gone. */
  removeTopic(topic: string): void {
    for (const [clientId, subscriber] of this.#subscribers) if (subscriber.topic === topic) this.removeClient(clientId);
  }

  /** Others of a group that have the queue. */
  othersOf({ client, group }: LiteSubscriber, queue: string): LiteSubscriber[] {
    return [...(this.#byQueue.get(queue) ?? [])].filter(
      (other) => other.group === group && other.client.clientId !== client.clientId,
    );
  }

  /** There may be something in the queue, for a group or for all. */
  wake(queue: string, group?: string): void {
    const subscribers = this.#byQueue.get(queue);
    if (subscribers === undefined) return;
    const resumed = new Set<string>();
    for (const subscriber of [...subscribers]) {
      if (group !== undefined && subscriber.group !== group) continue;
      subscriber.ready.add(queue);
      if (resumed.has(subscriber.group) || !resumeOne(subscriber)) continue;
      resumed.add(subscriber.group);
      // Next time it is the turn of another.
      if (subscribers.size > 1 && subscribers.delete(subscriber)) subscribers.add(subscriber);
    }
  }

  /** A call that was resumed does nothing: somebody else does. */
  passOn(subscriber: LiteSubscriber): void {
    if (subscriber.ready.size === 0 || resumeOne(subscriber)) return;
    for (const queue of [...subscriber.ready]) this.wake(queue, subscriber.group);
  }

  #mayHave(subscriber: Subscriber, queue: string): void {
    subscriber.ready.add(queue);
    resumeOne(subscriber);
  }
}

function resumeOne({ waiting }: LiteSubscriber): boolean {
  for (const resume of waiting) {
    waiting.delete(resume);
    resume();
    return true;
  }
  return false;
}
