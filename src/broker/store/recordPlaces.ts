import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { LITE_QUEUE_ID } from '../../protocol/liteTopic.ts';
import { measureMessage, writeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import type { CommitLog } from './commitLog.ts';
import type { ConsumeQueue } from './consumeQueue.ts';
import { entryTagsCode, hasQueueEntry } from './dispatch.ts';
import type { Flusher } from './flusher.ts';
import type { KeyIndex } from './keyIndex.ts';
import {
  namesLightQueues,
  nextLightPlaces,
  obtainLightPlaces,
  storedLightPlaces,
  withLightPlaces,
} from './lightQueues.ts';
import type { LightPlace, NamedPlace } from './lightQueues.ts';
import type { Arrival, LightArrival, MessageToStore, StoredAt } from './messageToStore.ts';
import type { QueueTable } from './queueTable.ts';

/** Messages become records with places in the log and in their queues, which readers see when the records are written. */
export class RecordPlaces {
  readonly arrivals = new Emitter<Arrival>();
  /** Fired for queues of lite topics. */
  readonly lightArrivals = new Emitter<LightArrival>();
  /** Fired after records came into the files, once for all that came together. */
  readonly growth = new Emitter<undefined>();
  readonly #options: RecordPlacesOptions;
  #lastTimestamp: number;
  #publishedRecords = 0;
  #publishedBytes = 0;

  constructor(options: RecordPlacesOptions) {
    this.#options = options;
    this.#lastTimestamp = options.lastTimestamp;
  }

  /** Store time of the newest record; it never goes back. */
  get lastTimestamp(): number {
    return this.#lastTimestamp;
  }

  get publishedRecords(): number {
    return this.#publishedRecords;
  }

  get publishedBytes(): number {
    return this.#publishedBytes;
  }

  /** All or none. */
  placeAll(messages: readonly MessageToStore[]): PlacedRecord[] {
    const { log } = this.#options;
    const begin = log.reserved;
    const records: PlacedRecord[] = [];
    try {
      for (const message of messages) records.push(this.place(message));
    } catch (error) {
      forgetPlaces(records);
      log.rewind(begin);
      throw error;
    }
    return records;
  }

  /** Gives a message its place in the log and in its queue, and puts the record there. */
  place(given: MessageToStore): PlacedRecord {
    const { clock, log, queues } = this.#options;
    const named = namesLightQueues(given.properties) ? this.#nextLight(given) : undefined;
    const message = named === undefined ? given : { ...given, properties: withLightPlaces(given.properties, named) };
    const size = measureMessage(message);
    const { topic, queueId, properties, sysFlag } = message;
    const { sizeBytes } = size;
    const { physicalOffset, bytes, at } = log.reserve(sizeBytes);
    try {
      const storeTimestamp = Math.max(clock.now(), this.#lastTimestamp);
      // Its files may be looked at here for the first time, and that may fail.
      const queue = hasQueueEntry(message.sysFlag) ? queues.obtain(topic, queueId) : undefined;
      const queueOffset = queue === undefined ? 0 : queue.max + queue.waiting;
      const light = named && obtainLightPlaces(queues, named);
      const record = {
        topic,
        queueId,
        queueOffset,
        physicalOffset,
        sizeBytes,
        storeTimestamp,
        properties,
        sysFlag,
        queue,
        light,
      };
      writeMessage(message, record, size, bytes, at);
      if (queue !== undefined) queue.waiting += 1;
      if (light !== undefined) for (const place of light) place.queue.waiting += 1;
      this.#lastTimestamp = storeTimestamp;
      return record;
    } catch (error) {
      log.rewind(physicalOffset);
      throw error;
    }
  }

  /** Records of another broker, which stand in the log with the places that they name, become visible. */
  takeOver(messages: readonly StoredMessage[]): void {
    const records: PlacedRecord[] = [];
    for (const message of messages) {
      const hasEntry = hasQueueEntry(message.sysFlag);
      const queue = hasEntry ? this.#queueOf(message) : undefined;
      if (queue !== undefined) queue.waiting += 1;
      const light = hasEntry ? this.#lightOf(message) : undefined;
      const { topic, queueId, queueOffset, physicalOffset, sizeBytes, storeTimestamp, properties, sysFlag } = message;
      this.#lastTimestamp = Math.max(this.#lastTimestamp, storeTimestamp);
      records.push({
        topic,
        queueId,
        queueOffset,
        physicalOffset,
        sizeBytes,
        storeTimestamp,
        properties,
        sysFlag,
        queue,
        light,
      });
    }
    this.publish(records);
  }

  /** Undefined where there are none, or lite topics are off. */
  #nextLight({ topic, properties, sysFlag }: MessageToStore): readonly NamedPlace[] | undefined {
    const { queues, hasLightQueues } = this.#options;
    if (!hasLightQueues || !hasQueueEntry(sysFlag)) return undefined;
    const places = nextLightPlaces(queues, topic, properties);
    return places.length === 0 ? undefined : places;
  }

  #lightOf({ topic, properties }: StoredMessage): readonly LightPlace[] | undefined {
    if (!this.#options.hasLightQueues) return undefined;
    const places: LightPlace[] = [];
    for (const { name, offset } of storedLightPlaces(topic, properties)) {
      const queue = this.#queueOf({ topic: name, queueId: LITE_QUEUE_ID, queueOffset: offset });
      if (queue === undefined) continue;
      queue.waiting += 1;
      places.push({ queue, offset });
    }
    return places.length === 0 ? undefined : places;
  }

  /** Undefined for a message that the queue has. Number 0 behind others: the topic was deleted in between and made again. */
  #queueOf({
    topic,
    queueId,
    queueOffset,
  }: Pick<StoredMessage, 'topic' | 'queueId' | 'queueOffset'>): ConsumeQueue | undefined {
    const { queues, logger } = this.#options;
    const queue = queues.obtain(topic, queueId);
    if (queueOffset >= queue.max + queue.waiting) return queue;
    if (queueOffset > 0) return undefined;
    queues.deleteQueue(queue).catch((error: unknown) => {
      logger.error(`files of an earlier queue ${queueId} of ${topic} are left`, error);
    });
    return queues.obtain(topic, queueId);
  }

  /** Makes records that are in the log visible to readers, all of them before any reader is told. */
  publish(records: readonly PlacedRecord[]): void {
    const { queues, index, flusher, delayLevelsMs } = this.#options;
    flusher.dirty();
    const arrivals: Arrival[] = [];
    let lightArrivals: LightArrival[] | undefined;
    this.#publishedRecords += records.length;
    for (const record of records) {
      const { topic, queueId, queueOffset, physicalOffset, sizeBytes, properties, queue, light } = record;
      this.#publishedBytes += sizeBytes;
      index?.put(record, physicalOffset);
      if (light !== undefined) {
        const tagsCode = entryTagsCode(record, delayLevelsMs);
        for (const place of light) {
          place.queue.waiting -= 1;
          queues.put(place.queue, place.offset, { physicalOffset, sizeBytes, tagsCode });
          (lightArrivals ??= []).push({ name: place.queue.topic, offset: place.offset });
        }
      }
      if (queue === undefined) continue;
      const tagsCode = entryTagsCode(record, delayLevelsMs);
      queue.waiting -= 1;
      queues.put(queue, queueOffset, { physicalOffset, sizeBytes, tagsCode });
      arrivals.push({ topic, queueId, offset: queueOffset, tagsCode, properties });
    }
    for (const arrival of arrivals) this.#tell(this.arrivals, arrival);
    if (lightArrivals !== undefined) for (const arrival of lightArrivals) this.#tell(this.lightArrivals, arrival);
    this.#tell(this.growth, undefined);
  }

  /** The messages are stored: who fails at hearing of one is no reason to refuse it, or to hide the others. */
  #tell<T>(listeners: Emitter<T>, value: T): void {
    try {
      listeners.fire(value);
    } catch (error) {
      this.#options.logger.error('a part of the broker failed at hearing of messages that were stored', error);
    }
  }
}

/** What was placed and cannot be written gives its offsets in the queues back. */
export function forgetPlaces(records: readonly PlacedRecord[]): void {
  for (const { queue, light } of records) {
    if (queue !== undefined) queue.waiting -= 1;
    if (light !== undefined) for (const place of light) place.queue.waiting -= 1;
  }
}

export interface PlacedRecord extends StoredAt {
  readonly topic: string;
  readonly queueId: number;
  readonly properties: string;
  readonly sysFlag: number;
  /** Undefined for a record that stands in the log only. */
  readonly queue: ConsumeQueue | undefined;
  /** In queues of lite topics; undefined for nearly all. */
  readonly light: readonly LightPlace[] | undefined;
}

export interface RecordPlacesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: CommitLog;
  readonly queues: QueueTable;
  readonly index: KeyIndex | undefined;
  readonly flusher: Pick<Flusher, 'dirty'>;
  readonly delayLevelsMs: readonly number[];
  /** Store time of the newest record. */
  readonly lastTimestamp: number;
  /** Do lite topics have queues of their own? */
  readonly hasLightQueues: boolean;
}
