import assert from 'node:assert/strict';
import { AdjustableClock } from '../../../../src/broker/control/clock/adjustableClock.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

describe('AdjustableClock', () => {
  let machine: FakeClock;
  let clock: AdjustableClock;
  let log: string[];
  let beganMs: number;
  beforeEach(() => {
    machine = new FakeClock();
    clock = new AdjustableClock(machine);
    beganMs = machine.now();
    log = [];
  });

  const note = (name: string) => (): void => void log.push(`${name}@${clock.now() - beganMs}`);
  const jump = (byMs: number): Promise<void> => clock.jump(clock.now() + byMs, () => Promise.resolve());

  it('goes with the machine while nobody moves it', () => {
    clock.after(10, note('a'));
    const b = clock.after(10, note('b'));
    clock.every(4, note('e'));
    clock.nextRound(6, note('r'));
    b.dispose();
    machine.advance(12);
    assert.deepEqual(log, ['e@4', 'r@6', 'e@8', 'a@10', 'e@12']);
    assert.equal(clock.aheadMs, 0);
  });

  it('jumps from moment to moment, in order, through what is set on the way', async () => {
    clock.after(300, note('late'));
    clock.after(100, () => {
      note('first')();
      clock.after(100, note('set on the way'));
    });
    clock.every(150, note('every'));
    await jump(310);
    assert.deepEqual(log, ['first@100', 'every@150', 'set on the way@200', 'late@300', 'every@300']);
    assert.deepEqual([clock.now() - beganMs, clock.aheadMs], [310, 310]);
    machine.advance(140);
    assert.equal(log.at(-1), 'every@450');
  });

  it('lets what happens at a moment settle before it goes on', async () => {
    clock.after(100, note('a'));
    clock.after(200, note('b'));
    await clock.jump(beganMs + 1000, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      note('settled')();
    });
    assert.deepEqual(log, ['a@100', 'settled@100', 'b@200', 'settled@200']);
  });

  it('makes one round of many that it jumps over, at the end', async () => {
    const again = (): void => {
      note('round')();
      clock.nextRound(30, again);
    };
    clock.nextRound(30, again);
    clock.after(500, note('a'));
    await jump(3_600_000);
    machine.advance(0);
    assert.deepEqual(log, ['a@500', 'round@3600000']);
    machine.advance(30);
    assert.equal(log.at(-1), 'round@3600030');
  });

  it('stands still, jumps while it stands, and goes on from there', async () => {
    clock.after(100, note('a'));
    clock.setRate(0);
    machine.advance(5000);
    assert.deepEqual([log, clock.now()], [[], beganMs]);
    clock.after(0, note('now'));
    machine.advance(0);
    assert.deepEqual(log, ['now@0']);
    await jump(60);
    assert.equal(clock.now() - beganMs, 60);
    clock.setRate(1);
    machine.advance(39);
    assert.equal(log.length, 1);
    machine.advance(1);
    assert.deepEqual([log.at(-1), clock.aheadMs], ['a@100', 60 - 5000]);
  });

  it('runs faster', () => {
    clock.after(3_600_000, note('hour'));
    clock.setRate(3600);
    machine.advance(999);
    assert.deepEqual(log, []);
    machine.advance(1);
    assert.deepEqual(log, ['hour@3600000']);
    clock.setRate(1);
    machine.advance(5);
    assert.equal(clock.now() - beganMs, 3_600_005);
  });

  it('ends a jump where it is when what follows fails, and goes on from there', async () => {
    clock.after(100, note('a'));
    clock.after(200, note('b'));
    await assert.rejects(
      clock.jump(beganMs + 1000, () => Promise.reject(new Error('stuck'))),
      /stuck/,
    );
    assert.equal(clock.now() - beganMs, 100);
    machine.advance(100);
    assert.deepEqual(log, ['a@100', 'b@200']);
  });

  it('sets no timer of the machine that nobody needs', () => {
    const timer = clock.after(100, note('a'));
    assert.equal(machine.pendingCount, 1);
    timer.dispose();
    machine.advance(100);
    assert.deepEqual([machine.pendingCount, log], [0, []]);
  });
});
