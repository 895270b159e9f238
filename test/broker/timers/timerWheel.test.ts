import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode } from '../../../src/base/errors.ts';
import { TimerWheel } from '../../../src/broker/timers/timerWheel.ts';
import { makeTempDir } from '../../support/tempDir.ts';

describe('the wheel of the timers', () => {
  const temp = makeTempDir('timer-wheel');
  after(() => temp.remove());

  it('tries again to bring to disk what did not get there', async () => {
    const path = join(temp.path, 'timerwheel');
    const wheel = new TimerWheel(path, 1000, 0);
    wheel.add(5000, 0, 1);
    // In place of the wheel's file, something that no disk holds.
    const file = descriptorOf(path);
    closeSync(file);
    assert.equal(openSync(devNull, 'r'), file);
    await assert.rejects(wheel.sync());
    await assert.rejects(wheel.sync());
    wheel.dispose();
  });
});

/** Under which number this process has a file open. */
function descriptorOf(path: string): number {
  const { ino } = statSync(path);
  for (let descriptor = 0; ; descriptor += 1) {
    try {
      if (fstatSync(descriptor).ino === ino) return descriptor;
    } catch (error) {
      if (systemErrorCode(error) !== 'EBADF' || descriptor > 10_000) throw error;
    }
  }
}
