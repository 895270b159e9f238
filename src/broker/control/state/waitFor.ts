import type { Clock } from '../../../base/clock.ts';
import type { BrokerContext } from '../../brokerContext.ts';
import { retryTopic } from '../../../protocol/topicName.ts';
import { ControlError, badRequest } from '../controlError.ts';
import { Input } from '../input.ts';
import { lagOf, queuesOf, topicState } from './topicState.ts';
import { isWaiting, waitingRetry } from './waitingRetry.ts';
import type { WaitingRetry } from './waitingRetry.ts';

const LOOK_MS = 20;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 600_000;

interface Wish {
  readonly topic: string;
  /** Until it has read everything, what failed included. */
  readonly group: string | undefined;
  /** Until the topic holds so many. */
  readonly messages: number | undefined;
  readonly timeoutMs: number;
}

/** @throws ControlError */
export function readWish(json: unknown): Wish {
  const input = new Input(json, 'a wait');
  const topic = input.text('topic');
  if (topic === undefined) throw input.missing('topic');
  const wish = {
    topic,
    group: input.text('group'),
    messages: input.whole('messages', 0, 1e12),
    timeoutMs: input.whole('timeoutMs', 0, MAX_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
  };
  if (input.flag('caughtUp') === false) throw badRequest('a wait: caughtUp can only be true');
  input.end();
  if (wish.group === undefined && wish.messages === undefined) {
    throw badRequest('a wait needs one of these', ['group', 'messages']);
  }
  return wish;
}

/** Resolves when it is so. @throws ControlError 504 when the time is over, by the clock of the machine */
export async function waitUntil(
  broker: () => BrokerContext,
  wish: Wish,
  { steadyClock, signal }: { readonly steadyClock: Clock; readonly signal: AbortSignal },
): Promise<object> {
  const beganMs = steadyClock.now();
  const retries = wish.group === undefined ? undefined : new RetriesToCome(wish.topic, wish.group);
  for (;;) {
    const missing = whatIsMissing(broker(), wish) ?? (await retries?.missing(broker()));
    const waitedMs = steadyClock.now() - beganMs;
    if (missing === undefined) return { caughtUp: true, waitedMs };
    if (waitedMs >= wish.timeoutMs || signal.aborted) throw new ControlError(504, `${missing} after ${waitedMs} ms`);
    await new Promise<void>((resolve) => void steadyClock.after(LOOK_MS, resolve));
  }
}

/** What a group that has read everything will get again. */
class RetriesToCome {
  readonly #topics: readonly string[];
  readonly #group: string;
  #known: WaitingRetry | undefined;

  constructor(topic: string, group: string) {
    this.#topics = [topic, retryTopic(group)];
    this.#group = group;
  }

  async missing(broker: BrokerContext): Promise<string | undefined> {
    if (this.#known === undefined || !isWaiting(broker, this.#known)) {
      const ends = this.#ends(broker);
      this.#known = await waitingRetry(broker, this.#group);
      // What arrived while the levels were looked through may have been read and sent back behind our back.
      if (this.#known === undefined) return this.#ends(broker) === ends ? undefined : `${this.#group} still reads`;
    }
    return `${this.#group} has retries that wait for their delay`;
  }

  /** Rises with every message that arrives there. */
  #ends({ topics, store }: BrokerContext): number {
    return this.#topics
      .filter((topic) => topics.get(topic) !== undefined)
      .flatMap((topic) => queuesOf({ topics }, topic).map((queueId) => store.maxOffset(topic, queueId)))
      .reduce((sum, end) => sum + end, 0);
  }
}

function whatIsMissing(broker: BrokerContext, { topic, group, messages }: Wish): string | undefined {
  if (messages !== undefined) {
    const found = (topicState(broker, topic) as { readonly messages: number }).messages;
    if (found < messages) return `${topic} has ${found} of ${messages} messages`;
  }
  if (group === undefined) return undefined;
  const retries = retryTopic(group);
  const behind = lagOf(broker, group, topic);
  const retrying = broker.topics.get(retries) === undefined ? 0 : lagOf(broker, group, retries);
  return behind + retrying === 0
    ? undefined
    : `${group} is ${behind} behind in ${topic} and ${retrying} in its retries`;
}
