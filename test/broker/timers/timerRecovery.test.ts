import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deferred } from '../../../src/base/deferred.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TOPIC, useTimers } from './timers.ts';

describe('timers that are stopped, killed or damaged', () => {
  const open = useTimers();

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
});
