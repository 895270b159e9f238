import { readdirSync, readlinkSync } from 'node:fs';

const OPEN_FILES = '/proc/self/fd';

/** How many files below a directory this process has open; those of others, a loader's or a pool's, come and go. */
export function openFilesBelow(directory: string): number {
  return readdirSync(OPEN_FILES).filter((name) => targetOf(name).startsWith(`${directory}/`)).length;
}

function targetOf(name: string): string {
  try {
    return readlinkSync(`${OPEN_FILES}/${name}`);
  } catch {
    // It is closed by now: the one that read the list, for instance.
    return '';
  }
}
