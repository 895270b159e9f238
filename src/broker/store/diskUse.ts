import { statfsSync } from 'node:fs';
import type { DiskUse } from './retention.ts';

/** Of the disk that holds a folder. @throws Error where the system does not tell */
export function readDisk(directory: string): DiskUse {
  const { blocks, bavail, bsize } = statfsSync(directory);
  return { usedRatio: blocks === 0 ? 0 : (blocks - bavail) / blocks, freeBytes: bavail * bsize };
}
