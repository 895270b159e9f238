import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { FakeClock } from '../../support/fakeClock.ts';
import { waitFor } from '../../support/waitFor.ts';
import { ROLL_SLOTS, TOPIC, Timers, useTimers } from './timers.ts';

describe('timers', () => {
  const open = useTimers();

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

function secondOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** Where a message waits that is due at that moment. */
function slotOf(dueMs: number): number {
  return Math.ceil(dueMs / 1000) * 1000 - 1000;
}
