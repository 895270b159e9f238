import assert from 'node:assert/strict';
import { UnkeptPops } from '../../../../src/broker/pop/unkeptPops.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

describe('pops that a slave keeps nothing of', () => {
  it('are forgotten together every 5 s', () => {
    const clock = new FakeClock();
    const pops = new UnkeptPops(clock, () => false);
    pops.note('q', 1);
    clock.advance(4000);
    pops.note('q', 2);
    pops.note('r', 7);
    assert.deepEqual([pops.latest('q'), pops.latest('r')], [2, 7]);
    pops.forget('r');
    assert.equal(pops.latest('r'), undefined);
    clock.advance(1000);
    assert.equal(pops.latest('q'), undefined);
    assert.equal(clock.pendingCount, 0);
  });

  it('are forgotten by one that may act as the master when nobody popped for five minutes', () => {
    const clock = new FakeClock();
    const pops = new UnkeptPops(clock, () => true);
    pops.note('q', 1);
    pops.note('r', 1);
    clock.advance(200_000);
    pops.note('q', 2);
    clock.advance(100_000);
    assert.deepEqual([pops.latest('q'), pops.latest('r')], [2, undefined]);
    clock.advance(300_000);
    assert.equal(pops.latest('q'), undefined);
    assert.equal(clock.pendingCount, 0);
  });
});
