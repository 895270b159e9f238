import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { TimerMessages } from '../../../src/broker/timers/timerMessages.ts';
import { TimerMetrics } from '../../../src/broker/timers/timerMetrics.ts';
import { parkedUntilDue } from '../../../src/broker/timers/timerParking.ts';
import { encodeProperties, propertyOf } from '../../../src/protocol/messageProperty.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';

export const TOPIC = 'rmq_sys_wheel_timer';
export const ROLL_SLOTS = 10;

interface Delivered {
  readonly body: string;
  readonly atMs: number;
  readonly rolls: string | undefined;
}

/** A store and its timers, and what they delivered since they were opened the first time. */
export class Timers {
  readonly clock: FakeClock;
  readonly delivered: Delivered[] = [];
  /** How many may be delivered. */
  room = Infinity;
  /** Called when some are delivered or parked anew. */
  onPut = (): void => undefined;
  directory: string;
  readonly errors: string[] = [];
  store!: MessageStore;
  metrics!: TimerMetrics;
  timers!: TimerMessages;
  #copies = 0;
  /** For which there are, or were, messages. */
  readonly #moments = new Set<number>();

  constructor(directory: string, clock = new FakeClock()) {
    this.directory = directory;
    this.clock = clock;
  }

  async open(): Promise<void> {
    const { clock, directory } = this;
    const store = await openStore(directory, { clock, commitLogFileBytes: 64 * 1024 });
    const common = { clock, logger: { ...silentLogger, error: (text: string) => void this.errors.push(text) } };
    this.store = store;
    this.metrics = new TimerMetrics({ ...common, path: join(directory, 'config', 'timermetrics'), delayMs: 1000 });
    this.timers = await TimerMessages.open({
      ...common,
      messages: store,
      metrics: this.metrics,
      topicExists: () => true,
      appendTopicToDeleteKey: false,
      precisionMs: 1000,
      rollWindowSlots: ROLL_SLOTS,
      logFileBytes: 1024,
      flushIntervalMs: 1000,
      putAll: (messages) => {
        if (this.delivered.length + messages.length > this.room) throw new CodedError('store-full');
        if (messages.some(({ body }) => body.toString() === 'bad')) throw new RangeError('out of range');
        store.appendAll(messages);
        for (const message of messages) {
          if (message.topic === TOPIC) continue;
          const rolls = propertyOf(message.properties, 'TIMER_ROLL_TIMES');
          this.delivered.push({ body: message.body.toString(), atMs: clock.now(), rolls });
        }
        this.onPut();
      },
    });
    store.onArrival((arrival) => this.timers.wake(arrival));
    this.timers.start();
    await this.settle();
  }

  /** @returns when it is due */
  send(body: string, afterMs: number, more: Record<string, string> = {}): number {
    return this.#sendWith(body, { TIMER_DELAY_MS: String(afterMs), ...more }, this.clock.now() + afterMs);
  }

  sendFor(body: string, dueMs: number): void {
    this.#sendWith(body, { TIMER_DELIVER_MS: String(dueMs) }, dueMs);
  }

  #sendWith(body: string, more: Record<string, string>, dueMs: number): number {
    const nowMs = this.clock.now();
    const properties = encodeProperties(Object.entries({ UNIQ_KEY: body, ...more }));
    const rules = {
      timerWheelEnable: true,
      timerPrecisionMs: 1000,
      timerMaxDelaySec: 3600,
      nowMs,
      isFull: () => false,
    };
    this.store.append(parkedUntilDue(messageToStore({ body, properties }), rules));
    this.#moments.add(dueMs);
    return dueMs;
  }

  /** Until all that arrived is taken in, and all that is due is delivered. */
  async settle(): Promise<void> {
    await waitFor('the timers to rest', () => this.timers.hasDelivered(this.clock.now()), { pollMs: 0 });
  }

  /** With a rest at every moment for which there are messages. */
  async advanceMs(byMs: number): Promise<void> {
    const untilMs = this.clock.now() + byMs;
    const seconds = Array.from({ length: Math.floor(byMs / 1000) + 1 }, (_, second) => second * 1000);
    const stops = [...this.#moments, ...seconds.map((ms) => Math.ceil(this.clock.now() / 1000) * 1000 + ms), untilMs];
    for (const stopMs of stops.sort((one, other) => one - other)) {
      if (stopMs < this.clock.now() || stopMs > untilMs) continue;
      this.clock.advance(stopMs - this.clock.now());
      await this.settle();
    }
  }

  advance(seconds: number): Promise<void> {
    return this.advanceMs(seconds * 1000);
  }

  async close(): Promise<void> {
    await this.timers.stop();
    await this.store.close();
  }

  /** A copy of the directory while the broker runs is what `kill -9` leaves. */
  async crash(damage: (directory: string) => void = () => undefined): Promise<void> {
    const copy = `${this.directory}-${(this.#copies += 1)}`;
    cpSync(this.directory, copy, { recursive: true });
    await this.close();
    rmSync(this.directory, { recursive: true });
    rmSync(join(copy, 'lock'));
    damage(copy);
    this.directory = copy;
    await this.open();
  }
}

/** To be called in a `describe`. @returns opens timers in a directory of their own */
export function useTimers(): () => Promise<Timers> {
  const temp = makeTempDir('timers');
  after(() => temp.remove());
  let runs = 0;
  return async () => {
    const timers = new Timers(join(temp.path, String((runs += 1))));
    await timers.open();
    return timers;
  };
}
