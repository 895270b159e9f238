import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Deferred } from '../../../src/base/deferred.ts';
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

function secondOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** Where a message waits that is due at that moment. */
function slotOf(dueMs: number): number {
  return Math.ceil(dueMs / 1000) * 1000 - 1000;
}

/** A store and its timers, and what they delivered since they were opened the first time. */
class Timers {
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
        arbitrary: fc.record({ kind: fc.constant('delay' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('moment' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), ms: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), ms: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const timers = await open();
        const expected: string[] = [];
        for (const { kind, ms } of steps) {
          const body = String(expected.length);
          if (kind === 'delay') {
            const isRolled = slotOf(timers.clock.now() + ms) - secondOf(timers.clock.now()) >= ROLL_SLOTS * 1000;
            const dueMs = timers.send(body, ms);
            expected.push(`${body}@${isRolled ? slotOf(dueMs) + 1000 : dueMs}`);
            await timers.settle();
          } else if (kind === 'moment') {
            timers.sendFor(body, timers.clock.now() + ms);
            expected.push(`${body}@${timers.clock.now() + ms}`);
            await timers.settle();
          } else if (kind === 'wait') await timers.advanceMs(ms);
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

  it('look into a slot before it begins, and deliver nothing of it before its moment', async () => {
    const timers = await open();
    const begin = timers.clock.now();
    for (const ms of [5900, 5001, 6000, 5500, 5001]) timers.sendFor(String(ms), begin + ms);
    await timers.advance(5);
    assert.deepEqual(timers.delivered, []);
    await timers.advanceMs(999);
    timers.sendFor('late', begin + 6000);
    await timers.settle();
    await timers.advanceMs(1);
    assert.deepEqual(
      timers.delivered.map(({ body, atMs }) => [body, atMs - begin]),
      [
        ['5001', 5001],
        ['5001', 5001],
        ['5500', 5500],
        ['5900', 5900],
        ['6000', 6000],
        ['late', 6000],
      ],
    );
    await timers.close();
  });

  it('look into the next slot while the one before it is not over', async () => {
    const timers = await open();
    const begin = timers.clock.now();
    timers.sendFor('before', begin + 6000);
    timers.sendFor('behind', begin + 6700);
    await timers.advance(4);
    const read: number[] = [];
    const bytes = timers.store.bytes.bind(timers.store);
    timers.store.bytes = (physicalOffset, sizeBytes) => {
      read.push(physicalOffset);
      return bytes(physicalOffset, sizeBytes);
    };
    const behind = await timers.store.entry(TOPIC, 0, 1);
    await timers.advance(1);
    await waitFor('the next slot to be read', () => read.includes(behind?.physicalOffset ?? -1), { pollMs: 0 });
    assert.deepEqual(timers.delivered, []);
    await timers.close();
  });

  it('deliver in its turn what comes when its slot has begun, and take away what was not delivered', async () => {
    const timers = await open();
    const begin = timers.clock.now();
    for (const ms of [5100, 5600, 5700, 5800]) timers.sendFor(String(ms), begin + ms);
    await timers.advanceMs(5200);
    timers.sendFor('5650', begin + 5650);
    timers.send('marker', 500, { TIMER_DEL_UNIQKEY: '5800' });
    timers.send('too late', 500, { TIMER_DEL_UNIQKEY: '5100' });
    await timers.advance(5);
    assert.deepEqual(
      timers.delivered.map(({ body, atMs }) => `${body}@${atMs - begin}`),
      ['5100@5100', '5600@5600', '5650@5650', '5700@5700'],
    );
    await timers.close();
  });

  for (const end of ['kill', 'stop']) {
    it(`deliver the rest of a slot after a ${end} in the middle of it, and nothing again`, async () => {
      const timers = await open();
      const begin = timers.clock.now();
      for (const ms of [5100, 5500, 5500, 5900, 6000]) timers.sendFor(String(ms), begin + ms);
      await timers.advanceMs(5500);
      if (end === 'kill') await timers.crash();
      else {
        await timers.close();
        await timers.open();
      }
      assert.equal(timers.delivered.length, 3);
      timers.sendFor('5600', begin + 5600);
      await timers.advance(5);
      assert.deepEqual(
        timers.delivered.map(({ body, atMs }) => `${body}@${atMs - begin}`),
        ['5100@5100', '5500@5500', '5500@5500', '5600@5600', '5900@5900', '6000@6000'],
      );
      await timers.close();
    });
  }

  for (const { which, afterMs } of [
    { which: 'are due', afterMs: 5000 },
    { which: 'are parked anew', afterMs: 35_000 },
  ]) {
    for (const count of [1, 100]) {
      it(`stop between two batches, of ${count} that ${which} at the end of a slot, and repeat none`, async () => {
        const timers = await open();
        for (let index = 0; index < count; index += 1) timers.send(String(index), afterMs);
        await timers.advance(1);
        let stopped: Promise<void> | undefined;
        timers.onPut = () => {
          stopped ??= timers.timers.stop();
        };
        timers.clock.advance(10_000);
        await waitFor('the stop', () => stopped !== undefined, { pollMs: 0 });
        await stopped;
        await timers.close();
        const parked = timers.store.maxOffset(TOPIC, 0) - count;
        assert.equal(timers.delivered.length + parked, Math.min(count, 32));
        await timers.open();
        await timers.advance(40);
        assert.deepEqual(
          timers.delivered.map(({ body }) => Number(body)).sort((one, other) => one - other),
          Array.from({ length: count }, (_, index) => index),
        );
        await timers.close();
      });
    }
  }

  it('repeat nothing of a slot that is over when they are killed in the middle of it', async () => {
    const timers = await open();
    for (let index = 0; index < 100; index += 1) timers.send(String(index), 5000);
    await timers.advance(1);
    timers.room = 40;
    timers.clock.advance(4000);
    await waitFor('the store to be full', () => timers.errors.length > 0, { pollMs: 0 });
    timers.room = Infinity;
    await timers.crash();
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      Array.from({ length: 100 }, (_, index) => String(index)),
    );
    await timers.close();
  });

  for (const when of ['in time', 'when it was due before it was taken in']) {
    it(`do not say that a message is delivered, ${when}, before it is on disk`, async () => {
      const timers = await open();
      const onDisk = new Deferred<boolean>();
      const asked = new Deferred<void>();
      timers.store.flushed = () => {
        asked.resolve();
        return onDisk.promise;
      };
      if (when === 'in time') {
        timers.send('a', 5000);
        await timers.advance(4);
        timers.clock.advance(1000);
      } else {
        timers.send('a', 1000);
        timers.clock.advance(10_000);
      }
      await asked.promise;
      assert.equal(timers.delivered.length, 1);
      const { lastTimerQueueOffset } = timers.timers.checkpoint();
      assert.deepEqual([timers.timers.waiting, lastTimerQueueOffset], when === 'in time' ? [1, 1] : [0, 0]);
      onDisk.resolve(true);
      await timers.settle();
      assert.deepEqual([timers.timers.waiting, timers.timers.checkpoint().lastTimerQueueOffset], [0, 1]);
      await timers.close();
    });
  }

  it('forget what waits of messages that went with the machine', async () => {
    const timers = await open();
    timers.send('stays', 5000);
    await timers.settle();
    const { maxPhysicalOffset } = timers.store;
    timers.send('goes', 5000);
    timers.send('goes', 6000);
    await timers.settle();
    await timers.crash((directory) => {
      rmSync(join(directory, 'timerwheel'));
      rmSync(join(directory, 'consumequeue'), { recursive: true, force: true });
      const log = join(directory, 'commitlog', '0'.repeat(20));
      const bytes = readFileSync(log);
      writeFileSync(log, bytes.fill(0, maxPhysicalOffset));
    });
    assert.deepEqual([timers.store.maxPhysicalOffset, timers.timers.waiting], [maxPhysicalOffset, 1]);
    timers.send('comes', 7000);
    await timers.advance(8);
    assert.deepEqual(
      timers.delivered.map(({ body }) => body),
      ['stays', 'comes'],
    );
    await timers.close();
  });

  it('forget them also when they are on disk themselves', async () => {
    const timers = await open();
    timers.send('stays', 5000);
    await timers.settle();
    const { maxPhysicalOffset } = timers.store;
    timers.send('goes', 6000);
    timers.send('went', 7000);
    await timers.settle();
    timers.clock.advance(1000);
    const flushedTo = (): number => timers.timers.checkpoint().lastTimerLogFlushPos;
    await waitFor('the timers to be on disk', () => flushedTo() === 3 * 52, { pollMs: 0 });
    await timers.crash((directory) => {
      rmSync(join(directory, 'consumequeue'), { recursive: true, force: true });
      rmSync(join(directory, 'checkpoint'), { force: true });
      const log = join(directory, 'commitlog', '0'.repeat(20));
      const bytes = readFileSync(log);
      writeFileSync(log, bytes.fill(0, maxPhysicalOffset));
    });
    assert.equal(timers.store.maxPhysicalOffset, maxPhysicalOffset);
    // Its record is as long as theirs were, and begins where one of them did.
    const dueMs = timers.send('come', 8000);
    await timers.advance(10);
    assert.deepEqual(
      timers.delivered.filter(({ body }) => body !== 'stays').map(({ body, atMs }) => [body, atMs]),
      [['come', dueMs]],
    );
    await timers.close();
  });

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
    await waitFor('the store to be full', () => timers.errors.length > 0, { pollMs: 0 });
    assert.equal(timers.delivered.length, 32);
    timers.room = Infinity;
    timers.clock.advance(1000);
    await timers.settle();
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
