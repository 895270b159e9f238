import type { Disposable } from '../../base/disposable.ts';
import { errorText, isCodedError } from '../../base/errors.ts';
import { TRANSACTION_GROUP } from '../../protocol/groupName.ts';
import { decodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { HALF_OP_TOPIC, HALF_TOPIC, TRANSACTION_CHECK_MAX_TIME_TOPIC } from '../../protocol/topicName.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { putParked } from '../putMessage.ts';
import type { StoredAt } from '../store/messageToStore.ts';
import { bornMs } from './bornMs.ts';
import { EndedHalves } from './endedHalves.ts';
import { HALF_QUEUE } from './halfMessage.ts';
import { ProducerQuestions } from './producerQuestions.ts';

/** A round that lasts longer stops where it is; the next goes on from there. */
const MAX_ROUND_MS = 60_000;
const HOUR_MS = 3_600_000;

const NO_ROOM = 'has no room to count in how often it was asked for';

/**
 * Asks producers about half messages that did not end. Whatever is not decided yet is put behind the queue's end
 * again, so that one offset in each of the two topics says how far everything is: the consumer offsets of
 * CID_RMQ_SYS_TRANS. Source: TransactionalMessageServiceImpl.java, check; broker sheet §11.3.
 */
export class TransactionCheck {
  readonly #broker: BrokerContext;
  readonly #questions: ProducerQuestions;
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
    this.#questions = new ProducerQuestions(broker);
  }

  start(): void {
    const { clock, config, logger } = this.#broker;
    this.#timer = clock.nextRound(config.transactionCheckInterval, () => {
      this.#running = this.#round()
        .catch((error: unknown) => logger.error(`a check of transactions failed: ${errorText(error)}`))
        .then(() => {
          this.#running = undefined;
          if (!this.#stopped) this.start();
        });
    });
  }

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.dispose();
    await this.#running;
  }

  async #round(): Promise<void> {
    const { store, offsets, clock } = this.#broker;
    const [min, max] = [store.minOffset(HALF_TOPIC, HALF_QUEUE), store.maxOffset(HALF_TOPIC, HALF_QUEUE)];
    const from = offsets.committed(TRANSACTION_GROUP, HALF_TOPIC, HALF_QUEUE) ?? min;
    const marksFrom = offsets.committed(TRANSACTION_GROUP, HALF_OP_TOPIC, HALF_QUEUE) ?? 0;
    const startedMs = clock.now();
    const ended = new EndedHalves(store, marksFrom);
    // Past the end, as after a loss of the queue, it would pass over messages that are still to come.
    let progress = Math.max(min, Math.min(from, max));
    try {
      while (!this.#stopped && clock.now() - startedMs <= MAX_ROUND_MS) {
        const entry = await store.entry(HALF_TOPIC, HALF_QUEUE, progress);
        if (entry === undefined) break;
        const record = await store.record(entry.physicalOffset);
        if (record !== undefined && !(await this.#settle(decodeMessage(record), ended, startedMs))) break;
        progress += 1;
      }
    } finally {
      if (progress !== from) offsets.commit(TRANSACTION_GROUP, HALF_TOPIC, HALF_QUEUE, progress);
      const marksAt = ended.resumeAt(progress);
      if (marksAt !== marksFrom) offsets.commit(TRANSACTION_GROUP, HALF_OP_TOPIC, HALF_QUEUE, marksAt);
    }
  }

  /** @returns false when the message is too young to be decided on, like all behind it */
  async #settle(half: StoredMessage, ended: EndedHalves, startedMs: number): Promise<boolean> {
    const { clock, config, endMarks } = this.#broker;
    const properties = decodeProperties(half.properties);
    const origin = wholeNumber(properties.get(PropertyName.TRANSACTION_PREPARED_QUEUE_OFFSET));
    if ((await ended.has(half.queueOffset, origin)) || endMarks.has(half.queueOffset)) return true;
    if (origin !== undefined && endMarks.has(origin)) return true;
    const ageMs = clock.now() - bornMs(this.#broker, half);
    const times = wholeNumber(properties.get(PropertyName.TRANSACTION_CHECK_TIMES)) ?? 0;
    if (times >= config.transactionCheckMax || ageMs > config.fileReservedTime * HOUR_MS) {
      await this.#giveUp(half, 'was asked for too often');
      return true;
    }
    if (half.storeTimestamp >= startedMs) return false;
    // Apache's broker counts rounds without a question too.
    properties.set(PropertyName.TRANSACTION_CHECK_TIMES, String(times + 1));
    const immunity = properties.get(PropertyName.CHECK_IMMUNITY_SECONDS);
    if (immunity === undefined) {
      if (ageMs >= 0 && ageMs <= config.transactionTimeOut) return false;
    } else if (ageMs <= immunityMs(immunity, config.transactionTimeOut)) {
      properties.set(PropertyName.TRANSACTION_PREPARED_QUEUE_OFFSET, String(origin ?? half.queueOffset));
      if (this.#putBack(half, properties) === undefined) await this.#giveUp(half, NO_ROOM);
      return true;
    }
    const copy = this.#putBack(half, properties);
    if (copy === undefined) await this.#giveUp(half, NO_ROOM);
    else this.#questions.ask(half, properties, copy);
    return true;
  }

  /** Undefined when what is counted on it makes its properties too large. */
  #putBack(half: StoredMessage, properties: ReadonlyMap<string, string>): StoredAt | undefined {
    try {
      return putParked(this.#broker, { ...half, properties: encodeProperties(properties) });
    } catch (error) {
      if (isCodedError(error, 'properties-too-large')) return undefined;
      throw error;
    }
  }

  async #giveUp(half: StoredMessage, why: string): Promise<void> {
    const { topics, registration, logger } = this.#broker;
    const { changed } = topics.ensure(TRANSACTION_CHECK_MAX_TIME_TOPIC, 1);
    putParked(this.#broker, { ...half, topic: TRANSACTION_CHECK_MAX_TIME_TOPIC, queueId: 0 });
    logger.warn(`half message ${half.queueOffset} ${why}: it is in ${TRANSACTION_CHECK_MAX_TIME_TOPIC}`);
    if (changed) await registration.announce([TRANSACTION_CHECK_MAX_TIME_TOPIC]);
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What cannot be read counts as not given. */
function immunityMs(text: string, otherwise: number): number {
  const seconds = wholeNumber(text);
  return seconds === undefined ? otherwise : seconds * 1000;
}
