import assert from 'node:assert/strict';
import { neverBack } from '../../../src/base/neverBack.ts';

describe('base/neverBack', () => {
  it('goes with the clock, stands while that is set back, and goes on from there', () => {
    let nowMs = 1000;
    const now = neverBack({ now: () => nowMs });
    const look = (atMs: number): number => {
      nowMs = atMs;
      return now();
    };
    assert.deepEqual([1000, 1500, 400, 600, 300, 350].map(look), [1000, 1500, 1500, 1700, 1700, 1750]);
    assert.equal(look(9000), 10_400, 'a jump forward is taken for time');
  });
});
