import { readFileSync } from 'node:fs';
import { startMarkIn } from '../base/startMark.ts';

/** Tells a process from a later one of the same id; empty where the system does not say. */
export function startMarkOf(pid: number): string {
  try {
    return startMarkIn(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? '';
  } catch {
    return '';
  }
}
