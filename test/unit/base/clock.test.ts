import assert from 'node:assert/strict';
import type { Disposable } from '../../../src/base/disposable.ts';
import { systemClock } from '../../../src/base/clock.ts';

const MAX_MS = 2 ** 31 - 1;

describe('systemClock', () => {
  const original = globalThis.setTimeout;
  let timers: { readonly callback: () => void; readonly delayMs: number }[];
  beforeEach(() => {
    timers = [];
    globalThis.setTimeout = ((callback: () => void, delayMs: number) => {
      timers.push({ callback, delayMs });
      return original(() => undefined, 0);
    }) as typeof setTimeout;
  });
  afterEach(() => (globalThis.setTimeout = original));

  const fire = (): void => timers.at(-1)?.callback();

  it('waits longer than a timer of Node can, in steps', () => {
    let called = 0;
    systemClock.after(2 * MAX_MS + 5, () => (called += 1));
    fire();
    fire();
    assert.equal(called, 0);
    fire();
    assert.equal(called, 1);
    assert.deepEqual(
      timers.map(({ delayMs }) => delayMs),
      [MAX_MS, MAX_MS, 5],
    );
  });

  it('repeats after such a time, until it is disposed', () => {
    let called = 0;
    const repeated: Disposable = systemClock.every(MAX_MS + 1, () => {
      called += 1;
      if (called === 2) repeated.dispose();
    });
    for (let n = 0; n < 4; n += 1) fire();
    assert.equal(called, 2);
    assert.deepEqual(
      timers.map(({ delayMs }) => delayMs),
      [MAX_MS, 1, MAX_MS, 1, MAX_MS],
    );
  });
});
