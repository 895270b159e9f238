import assert from 'node:assert/strict';

import { FakeClock } from '../../support/fakeClock.ts';

describe('FakeClock', () => {
  it('calls timers in order of time, also one set on the way', () => {
    const clock = new FakeClock(1_000);
    const calls: string[] = [];
    clock.after(20, () => calls.push(`late at ${clock.now()}`));
    clock.after(10, () => {
      calls.push(`early at ${clock.now()}`);
      clock.after(5, () => calls.push(`nested at ${clock.now()}`));
    });
    clock.advance(30);
    assert.deepEqual(calls, ['early at 1010', 'nested at 1015', 'late at 1020']);
    assert.equal(clock.now(), 1_030);
    assert.equal(clock.pendingCount, 0);
  });

  it('repeats a period until it is disposed, and calls nothing early', () => {
    const clock = new FakeClock(0);
    let calls = 0;
    const timer = clock.every(10, () => calls++);
    clock.advance(9);
    assert.equal(calls, 0);
    clock.advance(21);
    assert.equal(calls, 3);
    timer.dispose();
    clock.advance(100);
    assert.equal(calls, 3);
    assert.equal(clock.pendingCount, 0);
  });

  it('lets promises settle between two timers', async () => {
    const clock = new FakeClock(0);
    const calls: string[] = [];
    clock.after(1, () => void Promise.resolve().then(() => calls.push('settled')));
    clock.after(2, () => calls.push('next'));
    await clock.advanceAsync(2);
    assert.deepEqual(calls, ['settled', 'next']);
  });
});
