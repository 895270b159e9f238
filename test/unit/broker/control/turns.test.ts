import assert from 'node:assert/strict';
import { Turns } from '../../../../src/broker/control/turns.ts';

describe('Turns', () => {
  it('takes one after the other, also after one that failed', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const first = turns.take(async () => {
      await Promise.resolve();
      log.push('first');
      throw new Error('first failed');
    });
    const second = turns.take(() => Promise.resolve(log.push('second')));
    await assert.rejects(first, /first failed/);
    assert.equal(await second, 2);
    assert.deepEqual(log, ['first', 'second']);
  });

  it('refuses at its end those that wait, and waits for the one that runs', async () => {
    const turns = new Turns();
    const log: string[] = [];
    let go = (): void => undefined;
    const running = turns.take(async () => {
      await new Promise<void>((resolve) => (go = resolve));
      log.push('ran');
    });
    const waiting = turns.take(() => Promise.resolve(log.push('waited')));
    // The first is under way.
    await new Promise((resolve) => setImmediate(resolve));
    turns.checkGoesOn();
    const ended = turns.end().then(() => log.push('ended'));
    assert.throws(() => turns.checkGoesOn(), /the broker ends/);
    go();
    await running;
    await assert.rejects(waiting, { status: 503, message: 'the broker ends' });
    await ended;
    assert.deepEqual(log, ['ran', 'ended']);
  });
});
