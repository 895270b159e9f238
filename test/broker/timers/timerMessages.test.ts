import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
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

const TOPIC = 'rmq_sys_wheel_timer';
const ROLL_SLOTS = 10;

interface Delivered {
  readonly body: string;
  readonly atMs: number;
  readonly rolls: string | undefined;
}

/** A store and its timers, and what they delivered since they were opened the first time. */
class Timers {
  readonly clock: FakeClock;
  readonly delivered: Delivered[] = [];
  /** How many may be delivered. */
  room = Infinity;
  directory: string;
  readonly errors: string[] = [];
  store!: MessageStore;
  metrics!: TimerMetrics;
  timers!: TimerMessages;
  #copies = 0;

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
      },
    });
    store.onArrival((arrival) => this.timers.wake(arrival));
    this.timers.start();
    await this.settle();
  }

  /** @returns when it is due */
  send(body: string, afterMs: number, more: Record<string, string> = {}): number {
    const nowMs = this.clock.now();
    const properties = encodeProperties(Object.entries({ UNIQ_KEY: body, TIMER_DELAY_MS: String(afterMs), ...more }));
    const rules = {
      timerWheelEnable: true,
      timerPrecisionMs: 1000,
      timerMaxDelaySec: 3600,
      nowMs,
      isFull: () => false,
    };
    this.store.append(parkedUntilDue(messageToStore({ body, properties }), rules));
    return Math.ceil((nowMs + afterMs) / 1000) * 1000;
  }

  /** Until all that arrived is taken in, and all that is due is delivered. */
  async settle(): Promise<void> {
    await waitFor(
      'the timers to rest',
      () => {
        const { lastReadTimeMs, lastTimerQueueOffset } = this.timers.checkpoint();
        const isTakenIn = lastTimerQueueOffset >= this.store.maxOffset(TOPIC, 0);
        return isTakenIn && lastReadTimeMs >= Math.floor(this.clock.now() / 1000) * 1000;
      },
      { pollMs: 0 },
    );
  }

  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1000);
      await this.settle();
    }
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

describe('timers', () => {
  const temp = makeTempDir('timers');
  after(() => temp.remove());
  let runs = 0;
  const open = async (): Promise<Timers> => {
    const timers = new Timers(join(temp.path, String((runs += 1))));
    await timers.open();
    return timers;
  };

  it('deliver every message once and on time, whatever restarts and kills come between', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('send' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), ms: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), ms: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const timers = await open();
        const expected: string[] = [];
        for (const { kind, ms } of steps) {
          if (kind === 'send') {
            const body = String(expected.length);
            expected.push(`${body}@${timers.send(body, ms)}`);
            await timers.settle();
          } else if (kind === 'wait') await timers.advance(ms);
          else if (kind === 'kill') await timers.crash();
          else {
            await timers.close();
            await timers.open();
          }
        }
        await timers.advance(41);
        assert.deepEqual(timers.delivered.map(({ body, atMs }) => `${body}@${atMs}`).sort(), expected.sort());
        await timers.close();
        rmSync(timers.directory, { recursive: true });
      }),
      { numRuns: 12 },
    );
  }).timeout(60_000);

  it('park a message anew that is further away than the wheel reaches', async () => {
    const timers = await open();
    const dueMs = timers.send('far', 35_000);
    await timers.advance(36);
    assert.deepEqual(timers.delivered, [{ body: 'far', atMs: dueMs, rolls: '3' }]);
    await timers.close();
  });

  it('take a message away that is further away than the wheel reaches', async () => {
    const timers = await open();
    timers.send('far', 35_000);
    timers.send('stays', 35_000);
    await timers.advance(3);
    timers.send('marker', 32_000, { TIMER_DEL_UNIQKEY: 'far' });
    await timers.advance(40);
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      ['stays'],
    );
    await timers.close();
  });

  it('deliver at the next start what fell due while nobody ran, even weeks ago', async () => {
    const timers = await open();
    timers.send('a', 5000);
    timers.send('b', 3000);
    await timers.settle();
    await timers.close();
    timers.clock.advance(20 * 24 * 3600 * 1000);
    await timers.open();
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      ['b', 'a'],
    );
    timers.send('c', 3000);
    await timers.advance(4);
    assert.equal(timers.delivered.length, 3);
    await timers.close();
  });

  it('lose nothing when the wheel is gone', async () => {
    const timers = await open();
    for (let index = 0; index < 50; index += 1) timers.send(String(index), 5000 + index * 50);
    await timers.advance(2);
    await timers.crash((directory) => rmSync(join(directory, 'timerwheel')));
    await timers.advance(8);
    assert.equal(new Set(timers.delivered.map(({ body }) => body)).size, 50);
    await timers.close();
  });

  it('lose nothing when log, wheel and checkpoint are gone', async () => {
    const timers = await open();
    for (let index = 0; index < 50; index += 1) timers.send(String(index), 5000);
    await timers.advance(2);
    await timers.crash((directory) => {
      for (const name of ['timerwheel', 'timerlog', 'config/timercheck']) {
        rmSync(join(directory, name), { recursive: true });
      }
    });
    await timers.advance(4);
    assert.equal(timers.delivered.length, 50);
    await timers.close();
  });

  it('hold a slot back while the store is full, and go on where they were', async () => {
    const timers = await open();
    for (let index = 0; index < 100; index += 1) timers.send(String(index), 5000);
    await timers.advance(1);
    timers.room = 40;
    timers.clock.advance(4000);
    await waitFor('the first of them', () => timers.delivered.length > 0, { pollMs: 0 });
    timers.room = Infinity;
    await timers.advance(2);
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      Array.from({ length: 100 }, (_, index) => String(index)),
    );
    await timers.close();
  });

  it('drop a message that no put can ever store, and deliver those beside and behind it', async () => {
    const timers = await open();
    for (const body of ['a', 'bad', 'b']) timers.send(body, 3000);
    timers.send('c', 4000);
    await timers.advance(5);
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      ['a', 'b', 'c'],
    );
    await timers.close();
  });

  it('keep no file of their log whose messages are delivered and gone, but every other', async () => {
    const timers = await open();
    const files = (): string[] => readdirSync(join(timers.directory, 'timerlog')).sort();
    for (let index = 0; index < 50; index += 1) timers.send(String(index), 5000, { filler: 'x'.repeat(2000) });
    await timers.advance(20);
    assert.deepEqual(files().map(Number), [0, 1024, 2048]);
    assert.equal(await timers.store.removeOldFiles(1, () => true), 1);
    timers.send('later', 5000);
    const isGone = async (): Promise<boolean> => {
      // A flush removes what it finds read: the one under way may have begun before.
      await timers.advance(1);
      return files().length === 2;
    };
    await waitFor('the first file to be removed', isGone, { pollMs: 1 });
    await timers.close();
    assert.deepEqual(files().map(Number), [1024, 2048]);
    await timers.open();
    await timers.advance(5);
    assert.equal(timers.delivered.at(-1)?.body, 'later');
    assert.equal(timers.delivered.length, 51);
    await timers.close();
  });

  it('fill a slot again that a clock set back brings twice', async () => {
    const timers = await open();
    const started = timers.clock.now();
    timers.send('a', 5000);
    await timers.advance(6);
    await timers.close();
    const earlier = new Timers(timers.directory, new FakeClock(started));
    await earlier.open();
    earlier.send('b', 5000);
    await earlier.advance(6);
    assert.deepEqual(
      earlier.delivered.map(({ body }) => body),
      ['b'],
    );
    await earlier.close();
  });

  it('that cannot be saved when they are disposed of are logged', async () => {
    const timers = await open();
    timers.metrics.dispose = () => {
      throw new Error('no room');
    };
    timers.timers.dispose();
    await waitFor('the error', () => timers.errors.length > 0, { pollMs: 0 });
    assert.deepEqual(timers.errors, ['the timers are not all on disk: no room']);
    await timers.store.close();
  });
});
