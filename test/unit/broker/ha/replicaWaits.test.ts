import assert from 'node:assert/strict';
import { ReplicaWaits } from '../../../../src/broker/ha/replicaWaits.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { skewedClock } from '../../../support/skewedClock.ts';

describe('HA: senders that wait for slaves', () => {
  let clock: FakeClock;
  let waits: ReplicaWaits;
  let outcomes: string[];

  beforeEach(() => {
    clock = new FakeClock();
    waits = new ReplicaWaits(clock);
    outcomes = [];
  });

  function wait(offset: number): void {
    void waits.wait(offset, 3000).then((done) => outcomes.push(`${offset} ${done}`));
  }

  it('go on when the slaves are there, each for itself', async () => {
    for (const offset of [10, 20, 30]) wait(offset);
    waits.reached(9);
    await clock.advanceAsync(0);
    assert.deepEqual(outcomes, []);
    waits.reached(20);
    await clock.advanceAsync(0);
    assert.deepEqual(outcomes, ['10 true', '20 true']);
    await clock.advanceAsync(3000);
    assert.deepEqual(outcomes, ['10 true', '20 true', '30 false']);
  });

  it('wait for so long and no longer, by one timer', async () => {
    wait(10);
    await clock.advanceAsync(1000);
    wait(20);
    assert.equal(clock.pendingCount, 1);
    await clock.advanceAsync(1999);
    assert.deepEqual(outcomes, []);
    await clock.advanceAsync(1);
    assert.deepEqual(outcomes, ['10 false']);
    await clock.advanceAsync(1000);
    assert.deepEqual(outcomes, ['10 false', '20 false']);
    assert.equal(clock.pendingCount, 0);
  });

  it('wait no hour when the clock is set back by one', async () => {
    const skewed = skewedClock(clock);
    waits = new ReplicaWaits(skewed);
    wait(10);
    await clock.advanceAsync(1000);
    skewed.setBack(3_600_000);
    wait(20);
    await clock.advanceAsync(2000);
    wait(30);
    await clock.advanceAsync(6000);
    assert.deepEqual(outcomes, ['10 false', '20 false', '30 false']);
    assert.equal(clock.pendingCount, 0);
  });

  it('are not held up by one whose bytes were taken back', async () => {
    wait(500);
    await clock.advanceAsync(1000);
    wait(20);
    waits.reached(20);
    await clock.advanceAsync(2000);
    assert.deepEqual(outcomes, ['500 false', '20 true']);
  });

  it('are told when nobody follows any more', async () => {
    wait(10);
    waits.dispose();
    wait(20);
    await clock.advanceAsync(0);
    assert.deepEqual(outcomes, ['10 false', '20 false']);
    assert.equal(clock.pendingCount, 0);
  });
});
