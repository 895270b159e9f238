import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readInt64, writeInt64 } from '../../protocol/message.ts';

/*
 * `checkpoint`, 4096 bytes: +0 time of the newest message on disk, +8 of the newest queue entry, +16 of the
 * newest index entry (StoreCheckpoint.java; remoting sheet §4.11). Apache leaves the rest alone; the last 24 bytes
 * hold our own mark: the log and the queues are on disk up to that offset.
 */
const CHECKPOINT_BYTES = 4096;
const MARK_AT = CHECKPOINT_BYTES - 24;
const MARK_MAGIC = 0x524d5131;

export interface Checkpoint {
  readonly storeTimestamp: number;
  /** Everything before this commit-log offset is on disk in the log and in the queues. */
  readonly safeOffset: number;
}

export function writeCheckpoint(directory: string, { storeTimestamp, safeOffset }: Checkpoint): void {
  const bytes = existingBytes(directory) ?? Buffer.alloc(CHECKPOINT_BYTES);
  writeInt64(bytes, storeTimestamp, 0);
  writeInt64(bytes, storeTimestamp, 8);
  bytes.writeUInt32BE(MARK_MAGIC, MARK_AT);
  writeInt64(bytes, safeOffset, MARK_AT + 4);
  writeInt64(bytes, storeTimestamp, MARK_AT + 12);
  bytes.writeUInt32BE(crc32(bytes.subarray(MARK_AT, MARK_AT + 20)), MARK_AT + 20);
  writeFileSync(join(directory, 'checkpoint'), bytes);
}

/** Undefined when the file is missing, torn, or was written since by a broker that moved its times but not our mark. */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const bytes = existingBytes(directory);
  if (bytes === undefined || bytes.readUInt32BE(MARK_AT) !== MARK_MAGIC) return undefined;
  if (bytes.readUInt32BE(MARK_AT + 20) !== crc32(bytes.subarray(MARK_AT, MARK_AT + 20))) return undefined;
  const storeTimestamp = readInt64(bytes, MARK_AT + 12);
  if (storeTimestamp !== readInt64(bytes, 0)) return undefined;
  return { storeTimestamp, safeOffset: readInt64(bytes, MARK_AT + 4) };
}

function existingBytes(directory: string): Buffer | undefined {
  const path = join(directory, 'checkpoint');
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  return bytes.length === CHECKPOINT_BYTES ? bytes : undefined;
}
