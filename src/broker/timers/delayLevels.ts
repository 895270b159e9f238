import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { readDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { numberAt, objectAt, readBody } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeMessages } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { propertyOf } from '../../protocol/messageProperty.ts';
import { HALF_TOPIC, SCHEDULE_TOPIC } from '../../protocol/topicName.ts';
import { realTarget } from '../realTarget.ts';
import { ConfigFile } from '../state/configFile.ts';
import { TableVersion } from '../state/version.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { Arrival, MessageToStore, StoredAt } from '../store/messageToStore.ts';

/** After an append that failed, such as with a full store. */
const RETRY_MS = 1000;
/** Delivered in one go; between two of them others have their turn. */
const BATCH_MESSAGES = 32;
const BATCH_BYTES = 256 * 1024;

export interface DelayLevelsOptions {
  /** `config/delayOffset.json` */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageStore;
  /** What was deleted while its messages waited gets them no more. */
  readonly topicExists: (topic: string) => boolean;
  /** Delays in ms of levels 1, 2, … */
  readonly levelsMs: readonly number[];
  /** A message of a level was stored in its own topic. */
  readonly onDelivered: (queueId: number, message: MessageToStore, stored: StoredAt) => void;
  /** How long progress may stay in memory only; messages since then are delivered twice after a crash. */
  readonly saveDelayMs: number;
}

/**
 * Moves delayed messages to their topic when they are due. Each level is a queue in order of time, so only its first
 * message needs a timer. Source: ScheduleMessageService.java; broker sheet §9.3.
 */
export class DelayLevels implements Disposable {
  readonly #options: DelayLevelsOptions;
  readonly #file: ConfigFile;
  readonly #version: TableVersion;
  readonly #levels: Level[];
  #stopped = false;

  /** @throws CodedError `store-damaged` */
  constructor(options: DelayLevelsOptions) {
    this.#options = options;
    this.#version = new TableVersion(options.clock);
    this.#file = new ConfigFile({
      path: options.path,
      clock: options.clock,
      logger: options.logger,
      delayMs: options.saveDelayMs,
      content: () => this.encode(),
    });
    this.#levels = options.levelsMs.map((delayMs) => ({ delayMs, offset: 0, timer: undefined, running: undefined }));
    this.#file.load((content) => this.#decode(content));
  }

  /** The highest level. */
  get count(): number {
    return this.#levels.length;
  }

  /** Settles when what is delivered now is; undefined while nothing is. */
  get running(): Promise<unknown> | undefined {
    const running = this.#levels.flatMap((level) => level.running ?? []);
    return running.length === 0 ? undefined : Promise.all(running);
  }

  /** Offset of the next message of a level, which counts from 1. */
  progress(level: number): number {
    return this.#levels[level - 1]?.offset ?? 0;
  }

  start(): void {
    for (const [queueId, level] of this.#levels.entries()) {
      level.offset = this.#withinQueue(level.offset, queueId);
      this.#run(queueId);
    }
  }

  wake({ topic, queueId }: Arrival): void {
    const level = this.#levels[queueId];
    if (topic === SCHEDULE_TOPIC && level !== undefined && level.timer === undefined) this.#run(queueId);
  }

  /** How far another broker is, given as `encode` gives it; for a broker that delivers nothing itself. */
  takeOver(content: Buffer): void {
    this.#decode(content);
    this.#file.saveLater();
  }

  encode(): Buffer {
    const offsets = new Map<number, number>();
    this.#levels.forEach(({ offset }, index) => {
      if (offset > 0) offsets.set(index + 1, offset);
    });
    return Buffer.from(stringifyFastjson({ dataVersion: this.#version.current, offsetTable: offsets }));
  }

  /** Ends all timers, waits for the delivery under way and saves how far the levels are. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const level of this.#levels) level.timer?.dispose();
    for (const level of this.#levels) await level.running;
    this.#file.dispose();
  }

  dispose(): void {
    void this.stop();
  }

  /** A saved offset past the end, as after a loss of the queue, would pass over messages that are still to come. */
  #withinQueue(offset: number, queueId: number): number {
    const { store, logger } = this.#options;
    const max = store.maxOffset(SCHEDULE_TOPIC, queueId);
    if (offset > max) logger.warn(`delay level ${queueId + 1} goes on at ${max}: ${offset} is past its end`);
    return Math.max(store.minOffset(SCHEDULE_TOPIC, queueId), Math.min(offset, max));
  }

  #run(queueId: number): void {
    const level = this.#levels[queueId];
    if (level === undefined || level.running !== undefined || this.#stopped) return;
    const { logger, clock } = this.#options;
    level.running = this.#deliverDue(level, queueId)
      .catch((error: unknown) => {
        logger.error(`delay level ${queueId + 1} stops for ${RETRY_MS} ms: ${errorText(error)}`);
        return clock.now() + RETRY_MS;
      })
      .then((nextMs) => {
        level.running = undefined;
        if (nextMs !== undefined) this.#wakeAt(level, queueId, nextMs);
        else if (this.#options.store.maxOffset(SCHEDULE_TOPIC, queueId) > level.offset) this.#run(queueId);
      });
  }

  #wakeAt(level: Level, queueId: number, atMs: number): void {
    if (this.#stopped) return;
    level.timer?.dispose();
    level.timer = this.#options.clock.after(Math.max(0, atMs - this.#options.clock.now()), () => {
      level.timer = undefined;
      this.#run(queueId);
    });
  }

  /** @returns when the next message is due, or undefined when none waits */
  async #deliverDue(level: Level, queueId: number): Promise<number | undefined> {
    const { store, clock } = this.#options;
    while (!this.#stopped) {
      level.offset = Math.max(level.offset, store.minOffset(SCHEDULE_TOPIC, queueId));
      const now = clock.now();
      let nextDueMs: number | undefined;
      const { status, records, nextBeginOffset } = await store.read({
        topic: SCHEDULE_TOPIC,
        queueId,
        offset: level.offset,
        maxMessages: BATCH_MESSAGES,
        maxBytes: BATCH_BYTES,
        filter: {
          matchesCode: (tagsCode) => {
            // A clock that was set back would hold messages for longer than their level.
            const dueMs = tagsCode > now + level.delayMs ? now : tagsCode;
            if (nextDueMs === undefined && dueMs > now) nextDueMs = dueMs;
            return nextDueMs === undefined;
          },
        },
      });
      if (status === 'found') {
        this.#deliver(
          level,
          queueId,
          records.flatMap((record) => decodeMessages(record)),
        );
        await nextTurn();
      } else if (nextDueMs !== undefined) return nextDueMs;
      else if (nextBeginOffset > level.offset) level.offset = nextBeginOffset;
      else return undefined;
    }
    return undefined;
  }

  /** All or none: what could not be stored is due still. */
  #deliver(level: Level, queueId: number, parked: readonly StoredMessage[]): void {
    const { store, onDelivered } = this.#options;
    const due = parked.map((message) => this.#due(message)).filter((message) => message !== undefined);
    const stored = store.appendAll(due);
    for (const [index, message] of due.entries()) {
      const at = stored[index];
      if (at !== undefined) onDelivered(queueId, message, at);
    }
    level.offset = (parked.at(-1)?.queueOffset ?? level.offset) + 1;
    this.#version.next();
    this.#file.saveLater();
  }

  /** The message as it belongs into its topic; undefined for one that must not get there. */
  #due(message: StoredMessage): MessageToStore | undefined {
    const { logger, topicExists } = this.#options;
    const target = realTarget((name) => propertyOf(message.properties, name));
    if (target === undefined || target.topic === HALF_TOPIC) {
      const where = target === undefined ? 'does not say where it belongs' : `is for topic ${target.topic}`;
      logger.error(`the delayed message at ${message.physicalOffset} ${where} and is dropped`);
      return undefined;
    }
    if (!topicExists(target.topic)) {
      logger.warn(`the delayed message at ${message.physicalOffset} is dropped: its topic ${target.topic} was deleted`);
      return undefined;
    }
    // Java delivers the properties as they were parked: DELAY, REAL_TOPIC and REAL_QID stay.
    return { ...message, ...target };
  }

  #decode(content: Buffer): void {
    const json = readBody(content);
    const offsets = objectAt(json, 'offsetTable');
    for (const [index, level] of this.#levels.entries()) level.offset = numberAt(offsets, String(index + 1));
    this.#version.restore(readDataVersion(json['dataVersion']));
  }
}

interface Level {
  readonly delayMs: number;
  /** Of the next message to deliver. */
  offset: number;
  timer: Disposable | undefined;
  running: Promise<void> | undefined;
}
