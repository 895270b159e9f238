import { systemErrorCode } from '../../base/errors.ts';
import { startMarkOf } from '../processMark.ts';

/** A process of this id runs, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** The process that had this mark still runs, as far as the system says; its id may be a stranger's by now. */
export function isStillAlive({ pid, startMark = '' }: { readonly pid: number; readonly startMark?: string }): boolean {
  if (!isAlive(pid)) return false;
  const mark = startMarkOf(pid);
  return mark === '' || startMark === '' || mark === startMark;
}
