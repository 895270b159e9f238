import { existsSync, readdirSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../base/errors.ts';

/**
 * The files of a series that a folder holds; empty ones that nobody mends go.
 * @param mends files that are too short get their length again, with zeros
 * @throws CodedError `store-damaged` for a file whose length or name does not fit
 */
export function findFiles(directory: string, fileBytes: number, mends: boolean): FoundFiles {
  const starts: number[] = [];
  let wasCut = false;
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const path = join(directory, name);
    const start = Number(name);
    if (!/^\d{20}$/.test(name) || start % fileBytes !== 0) {
      throw new CodedError('store-damaged', { path, reason: `the name is no multiple of ${fileBytes}` });
    }
    const { size } = statSync(path);
    if (mends && size < fileBytes) {
      truncateSync(path, fileBytes);
      wasCut = true;
    } else if (size === 0) {
      unlinkSync(path);
      continue;
    } else if (size !== fileBytes) {
      throw new CodedError('store-damaged', { path, reason: `it has ${size} bytes instead of ${fileBytes}` });
    }
    starts.push(start);
  }
  return { starts: starts.sort((a, b) => a - b), wasCut };
}

interface FoundFiles {
  /** Start positions, ascending. */
  readonly starts: number[];
  /** A file was too short and is not any more. */
  readonly wasCut: boolean;
}
