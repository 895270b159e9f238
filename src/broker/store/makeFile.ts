import { closeSync, constants, ftruncate, ftruncateSync, mkdirSync, open, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pathOf } from './openFiles.ts';

const openAsync = promisify(open);
const ftruncateAsync = promisify(ftruncate);

/** A file of a series, sparse at full length, and its folder; what a file of that name holds already stays. @returns its handle */
export async function makeFile(directory: string, start: number, fileBytes: number): Promise<number> {
  await mkdir(directory, { recursive: true });
  const handle = await openAsync(pathOf(directory, start), constants.O_RDWR | constants.O_CREAT);
  try {
    await ftruncateAsync(handle, fileBytes);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
  return handle;
}

/** The same at once, and empty. */
export function makeFileNow(directory: string, start: number, fileBytes: number): number {
  mkdirSync(directory, { recursive: true });
  const handle = openSync(pathOf(directory, start), 'w+');
  try {
    ftruncateSync(handle, fileBytes);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
  return handle;
}
