import { fstatSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { BrokerCommand } from '../control.ts';
import { isAlive } from './isAlive.ts';

const PARENT_POLL_MS = 500;

/** Calls `end` with the reason when this process is asked to end, or its parent is gone. */
export function onEndWish(clock: Clock, end: (why: string) => void): Disposable {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(signal));
  if (process.connected) {
    process.on('message', (message: BrokerCommand | undefined) => {
      if (message?.kind === 'stop') end('the parent asks to stop');
    });
    process.once('disconnect', () => end('the parent is gone'));
  }
  return isReadByParent() ? watchParent(clock, () => end('the parent is gone')) : { dispose: () => undefined };
}

/** Whoever reads the ready line through a pipe started this process for itself. With a file or a terminal it may outlive a shell. */
function isReadByParent(): boolean {
  try {
    const output = fstatSync(1);
    return output.isFIFO() || output.isSocket();
  } catch {
    return false;
  }
}

function watchParent(clock: Clock, gone: () => void): Disposable {
  const parent = process.ppid;
  return clock.every(PARENT_POLL_MS, () => {
    if (process.ppid !== parent || !isAlive(parent)) gone();
  });
}
