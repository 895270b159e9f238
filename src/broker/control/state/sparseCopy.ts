import { mkdir, open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';

const PIECE_BYTES = 4 * 1024 * 1024;
const PAGE_BYTES = 4096;

/** Copies a file or a folder with all that is in it; what a file never wrote takes no room in the copy either. */
export async function sparseCopy(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (entries === undefined) {
    await copyFile(from, to);
    return;
  }
  await mkdir(to, { recursive: true });
  for (const { name } of entries) await sparseCopy(path.join(from, name), path.join(to, name));
}

async function copyFile(from: string, to: string): Promise<void> {
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'w', (await source.stat()).mode);
    try {
      await copyPages(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function copyPages(source: FileHandle, target: FileHandle): Promise<void> {
  const { size } = await source.stat();
  await target.truncate(size);
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const zeros = Buffer.alloc(PIECE_BYTES);
  // How much room it takes tells nothing: file systems that compress, or write late, count less than there is.
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, at);
    // Most are empty, and are told fastest as a whole.
    if (piece.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead))) continue;
    for (let page = 0; page < bytesRead; page += PAGE_BYTES) {
      const bytes = piece.subarray(page, Math.min(page + PAGE_BYTES, bytesRead));
      if (bytes.equals(zeros.subarray(0, bytes.length))) continue;
      await target.write(bytes, 0, bytes.length, at + page);
    }
  }
}
