import assert from 'node:assert/strict';
import { RecentRate } from '../../../../src/broker/timers/recentRate.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

describe('broker/timers/recentRate', () => {
  it('counts the last ten seconds', () => {
    const clock = new FakeClock(20_000);
    const rate = new RecentRate(clock);
    assert.equal(rate.perSecond, 0);
    rate.add(5);
    clock.advance(1000);
    rate.add(15);
    assert.equal(rate.perSecond, 2);
    clock.advance(8999);
    assert.equal(rate.perSecond, 2);
    clock.advance(1);
    assert.equal(rate.perSecond, 1.5);
    clock.advance(1000);
    assert.equal(rate.perSecond, 0);
  });

  it('forgets what is older, however long nobody asked', () => {
    const clock = new FakeClock(20_000);
    const rate = new RecentRate(clock);
    rate.add(10);
    clock.advance(3_600_000);
    rate.add(1);
    assert.equal(rate.perSecond, 0.1);
  });

  it('goes on when the clock is set back', () => {
    let nowMs = 20_000;
    const rate = new RecentRate(Object.assign(new FakeClock(nowMs), { now: () => nowMs }));
    rate.add(10);
    nowMs -= 15_000;
    rate.add(10);
    assert.equal(rate.perSecond, 2);
  });
});
