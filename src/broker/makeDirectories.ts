import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../base/errors.ts';

/**
 * Makes a directory that a person named, and those above it. Node's own `recursive` goes round for ever where the system
 * says ENOENT of a directory whose parent is there, as in /proc. Throws the error of the system.
 */
export function makeDirectories(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const code = systemErrorCode(error);
    const parent = path.dirname(directory);
    if (code === 'ENOENT' && parent !== directory) {
      makeDirectories(parent);
      mkdirSync(directory);
      return;
    }
    // One that is there, a link to one and a drive of Windows; a file is told by this.
    mkdirSync(directory, { recursive: true });
  }
}
