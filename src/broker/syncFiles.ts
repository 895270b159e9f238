import { open } from 'node:fs/promises';

/** What was written to the file is on disk when it resolves. */
export function syncFile(path: string): Promise<void> {
  return sync(path, 'r+');
}

/** So are the names in a folder. Windows opens no folders and writes their entries through. */
export async function syncFolder(directory: string): Promise<void> {
  if (process.platform !== 'win32') await sync(directory, 'r');
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
