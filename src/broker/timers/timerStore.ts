import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { javaHash } from '../../protocol/filter/tag.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { TableVersion } from '../state/version.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { recoverTimers } from './recoverTimers.ts';
import { TimerCheckpointFile } from './timerCheckpoint.ts';
import type { TimerCheckpoint } from './timerCheckpoint.ts';
import { NO_POSITION, TimerLog, UnitMagic } from './timerLog.ts';
import type { PlacedUnit } from './timerLog.ts';
import { TURN_SLOTS, TimerWheel } from './timerWheel.ts';

/** The wheel never reaches round to the slots that are served. Source: TimerMessageStore.java, TIMER_BLANK_SLOTS. */
const BLANK_SLOTS = 60;

export interface TimerStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly messages: MessageStore;
  readonly precisionMs: number;
  readonly rollWindowSlots: number;
  readonly logFileBytes: number;
  /** How long changes may wait for the disk. */
  readonly flushIntervalMs: number;
}

/**
 * What waits for which moment, on disk: `timerwheel`, `timerlog/` and `config/timercheck`, which Apache's broker
 * opens and continues. Every change is in the files before the call returns, so that the end of the process takes
 * nothing away. Source: TimerMessageStore.java.
 */
export class TimerStore {
  readonly #options: TimerStoreOptions;
  readonly #log: TimerLog;
  readonly #wheel: TimerWheel;
  readonly #checkpointFile: TimerCheckpointFile;
  readonly #version: TableVersion;
  readonly #rollWindowMs: number;
  /** No slot before has messages. */
  #readMs: number;
  #queueOffset: number;
  #flushedTo: number;
  #flushTimer: Disposable | undefined;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(options: TimerStoreOptions, parts: TimerFiles) {
    this.#options = options;
    this.#log = parts.log;
    this.#wheel = parts.wheel;
    this.#checkpointFile = parts.checkpointFile;
    this.#readMs = parts.readMs;
    this.#queueOffset = parts.queueOffset;
    this.#flushedTo = parts.checkpoint.lastTimerLogFlushPos;
    this.#version = new TableVersion(options.clock);
    if (parts.checkpoint.dataVersion.timestamp > 0) this.#version.restore(parts.checkpoint.dataVersion);
    const slots = options.rollWindowSlots;
    const mostSlots = TURN_SLOTS - BLANK_SLOTS;
    this.#rollWindowMs = (slots > mostSlots || slots < 2 ? mostSlots : slots) * options.precisionMs;
  }

  /** @throws CodedError `store-damaged` */
  static async open(options: TimerStoreOptions): Promise<TimerStore> {
    const { directory } = options.messages;
    const checkpointFile = new TimerCheckpointFile(path.join(directory, 'config', 'timercheck'));
    let wheel: TimerWheel | undefined;
    try {
      const checkpoint = checkpointFile.read();
      const log = new TimerLog(path.join(directory, 'timerlog'), options.logFileBytes);
      const { precisionMs, clock } = options;
      const oldestMs = floorTo(clock.now(), precisionMs) - (TURN_SLOTS - BLANK_SLOTS) * precisionMs;
      const readMs = checkpoint.lastReadTimeMs > 0 ? checkpoint.lastReadTimeMs : oldestMs;
      wheel = new TimerWheel(path.join(directory, 'timerwheel'), precisionMs, readMs);
      const queueOffset = await recoverTimers(options, { log, wheel, checkpoint, readMs });
      return new TimerStore(options, { log, wheel, checkpointFile, checkpoint, readMs, queueOffset });
    } catch (error) {
      wheel?.dispose();
      checkpointFile.dispose();
      throw error;
    }
  }

  /** Offset in the timer topic of the next message to take in. */
  get queueOffset(): number {
    return this.#queueOffset;
  }

  /** Messages that wait in the wheel. */
  get waiting(): number {
    return this.#wheel.waiting;
  }

  /** The wheel's time: slots before it are due. */
  get writeMs(): number {
    return floorTo(this.#options.clock.now(), this.#options.precisionMs);
  }

  /** The first slot with messages that are not served. */
  get nextSlot(): number | undefined {
    const slotMs = this.#wheel.next(this.#readMs);
    // In a new store everything up to it is a week.
    if (slotMs !== undefined) this.#readMs = slotMs;
    return slotMs;
  }

  /** Messages of a slot; those that take others away count against them. */
  countOf(slotMs: number): number {
    return this.#wheel.slot(slotMs)?.count ?? 0;
  }

  /** The first slot after another that has messages. */
  slotAfter(slotMs: number): number | undefined {
    return this.#wheel.next(slotMs + this.#options.precisionMs);
  }

  /** Puts a message of the timer topic into its slot, or for one far away into one before that. */
  enqueue(message: StoredMessage, dueMs: number): PlacedUnit {
    const writeMs = this.writeMs;
    const rollsAt = rollTime(dueMs - writeMs, this.#rollWindowMs);
    const slotMs = floorTo(rollsAt === undefined ? dueMs : writeMs + rollsAt, this.#options.precisionMs);
    const takesAway = propertyOf(message.properties, PropertyName.TIMER_DELETE_KEY) !== undefined;
    const unit = {
      previous: this.#wheel.slot(slotMs)?.lastPosition ?? NO_POSITION,
      magic: UnitMagic.DEFAULT | (rollsAt === undefined ? 0 : UnitMagic.ROLL) | (takesAway ? UnitMagic.DELETE : 0),
      writeMs,
      dueMs: slotMs,
      physicalOffset: message.physicalOffset,
      sizeBytes: message.sizeBytes,
      topicHash: javaHash(propertyOf(message.properties, PropertyName.REAL_TOPIC) ?? ''),
    };
    const position = this.#log.append(unit);
    this.#wheel.add(slotMs, position, takesAway ? -1 : 1);
    // A slot before the first that had messages, or, with a clock that was set back, before those that are served.
    this.#readMs = Math.min(this.#readMs, slotMs);
    return { ...unit, position };
  }

  /** The messages of the timer topic before that offset are in the wheel or delivered. */
  passed(queueOffset: number): void {
    this.#queueOffset = queueOffset;
    this.#saveCheckpoint();
  }

  /** The oldest first. */
  async unitsOf(slotMs: number): Promise<PlacedUnit[]> {
    const units: PlacedUnit[] = [];
    let position = this.#wheel.slot(slotMs)?.lastPosition ?? NO_POSITION;
    for (;;) {
      const unit = await this.#log.unit(position);
      if (unit === undefined) return units.reverse();
      units.push({ ...unit, position });
      // A chain leads back; anything else is damage that must not hold us for ever.
      if (unit.previous >= position) return units.reverse();
      position = unit.previous;
    }
  }

  /**
   * Their messages are delivered, or parked anew, before their slot is served: they are as markers that take nothing
   * away, which every broker passes over that reads the slot again. A marker that was parked anew would take something
   * away, and stays as it is: that it may be parked twice does no harm.
   */
  delivered(units: readonly PlacedUnit[]): void {
    for (const unit of units) this.#log.markSpent(unit);
  }

  served(slotMs: number): void {
    this.#wheel.clear(slotMs);
    this.#readMs = slotMs + this.#options.precisionMs;
    this.#saveCheckpoint();
  }

  /** Another broker served all slots before that time. */
  servedBefore(untilMs: number): void {
    for (let slotMs = this.nextSlot; slotMs !== undefined && slotMs < untilMs; slotMs = this.nextSlot) {
      this.served(slotMs);
    }
  }

  checkpoint(): TimerCheckpoint {
    return {
      lastReadTimeMs: Math.min(this.nextSlot ?? this.writeMs, this.writeMs),
      lastTimerLogFlushPos: this.#flushedTo,
      lastTimerQueueOffset: this.#queueOffset,
      masterTimerQueueOffset: this.#queueOffset,
      dataVersion: this.#version.current,
    };
  }

  /** Everything is on disk afterwards. */
  async close(): Promise<void> {
    this.#flushTimer?.dispose();
    try {
      await this.#flushing;
      await this.#flush();
    } finally {
      this.#log.files.release();
      this.#wheel.dispose();
      this.#checkpointFile.dispose();
    }
  }

  #saveCheckpoint(): void {
    this.#version.next();
    this.#checkpointFile.write(this.checkpoint());
    const { clock, flushIntervalMs, logger } = this.#options;
    this.#flushTimer ??= clock.after(flushIntervalMs, () => {
      this.#flushTimer = undefined;
      // One after the other: two that overlap would take each other's first file.
      this.#flushing = this.#flushing
        .then(() => this.#flush())
        .then(() => this.#removeServed())
        .catch((error: unknown) => {
          logger.error('the timers could not be brought to disk; it is tried with the next change', error);
        });
    });
  }

  /** The last unit of a file has the latest record, and no slot is further from its writing than a message may wait. */
  async #removeServed(): Promise<void> {
    const { minPhysicalOffset } = this.#options.messages;
    const { lastReadTimeMs } = this.checkpoint();
    await this.#log.removeFirst(
      ({ physicalOffset, writeMs }) =>
        physicalOffset < minPhysicalOffset && writeMs + this.#rollWindowMs < lastReadTimeMs,
    );
  }

  /** The order matters: the checkpoint is written when what it promises is on disk. */
  async #flush(): Promise<void> {
    const end = this.#log.end;
    await this.#log.files.sync();
    await this.#wheel.sync();
    this.#flushedTo = end;
    this.#checkpointFile.write(this.checkpoint());
    await this.#checkpointFile.sync();
  }
}

interface TimerFiles {
  readonly log: TimerLog;
  readonly wheel: TimerWheel;
  readonly checkpointFile: TimerCheckpointFile;
  readonly checkpoint: TimerCheckpoint;
  readonly readMs: number;
  readonly queueOffset: number;
}

/** After how long a message further away than the wheel reaches is parked anew. Source: TimerMessageStore.doEnqueue. */
function rollTime(delayMs: number, windowMs: number): number | undefined {
  if (delayMs < windowMs) return undefined;
  return delayMs - windowMs < windowMs / 3 ? windowMs / 2 : windowMs;
}

function floorTo(ms: number, precisionMs: number): number {
  return Math.floor(ms / precisionMs) * precisionMs;
}
