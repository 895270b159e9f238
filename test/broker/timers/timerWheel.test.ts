import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { TimerWheel } from '../../../src/broker/timers/timerWheel.ts';
import { makeTempDir } from '../../support/tempDir.ts';

describe('the wheel of the timers', () => {
  const temp = makeTempDir('timer-wheel');
  after(() => temp.remove());

  it('tries again to bring to disk what did not get there', async () => {
    const next = openSync(devNull, 'r');
    closeSync(next);
    const wheel = new TimerWheel(join(temp.path, 'timerwheel'), 1000, 0);
    wheel.add(5000, 0, 1);
    // In place of the wheel's file, something that no disk holds.
    closeSync(next);
    assert.equal(openSync(devNull, 'r'), next);
    await assert.rejects(wheel.sync());
    await assert.rejects(wheel.sync());
    wheel.dispose();
  });
});
