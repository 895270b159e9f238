import assert from 'node:assert/strict';
import { FaultList } from '../../../../src/broker/control/faults/faultList.ts';
import { readFault } from '../../../../src/broker/control/faults/readFault.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

const SEEN = {
  server: 'broker',
  isNamed: () => true,
  touched: () => ({ topics: ['T'], groups: [], clientId: undefined }),
  clientId: () => undefined,
} as const;

describe('FaultList', () => {
  it('tells how many can strike when that changes: set, spent, out of time, cleared', () => {
    const clock = new FakeClock();
    const faults = new FaultList(clock);
    const told: number[] = [];
    faults.onDidChangeCount((count) => told.push(count));
    faults.add([
      readFault({ kind: 'delay', ms: 1, count: 1 }),
      readFault({ kind: 'dropAnswer', forMs: 1000 }),
      readFault({ kind: 'dropAnswer', forMs: 3000 }),
      readFault({ kind: 'dropAnswer' }),
    ]);
    assert.deepEqual(told, [4]);
    assert.ok(faults.choose(SEEN, (listed) => listed));
    assert.deepEqual(told, [4, 3]);
    clock.advance(1000);
    assert.deepEqual(told, [4, 3, 2]);
    clock.advance(2000);
    assert.deepEqual(told, [4, 3, 2, 1]);
    assert.equal(faults.clear(4), 1);
    assert.equal(faults.clear(), 3);
    assert.deepEqual(told, [4, 3, 2, 1, 0]);
    assert.equal(clock.pendingCount, 0);
  });

  it('sets no timer for what is cleared before its time', () => {
    const clock = new FakeClock();
    const faults = new FaultList(clock);
    faults.add([readFault({ kind: 'dropAnswer', forMs: 1000 })]);
    assert.equal(clock.pendingCount, 1);
    faults.clear();
    assert.equal(clock.pendingCount, 0);
  });
});
