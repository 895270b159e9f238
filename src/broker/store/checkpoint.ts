import { closeSync, constants, existsSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readInt64, writeInt64 } from '../../protocol/bigEndian.ts';

/*
 * `checkpoint`, 4096 bytes: +0 time of the newest message on disk, +8 of the newest queue entry, +16 of the
 * newest entry of a finished index file (StoreCheckpoint.java; remoting sheet §4.11). Apache leaves the rest alone; the
 * last 48 bytes hold our own mark: magic 4 | the five numbers of Checkpoint 8 each | CRC 4.
 */
const CHECKPOINT_BYTES = 4096;
const MARK_AT = CHECKPOINT_BYTES - 48;
const MARK_MAGIC = 0x524d5132;
const MARK_CRC_AT = CHECKPOINT_BYTES - 4;

/** What was true at one moment. */
export interface Checkpoint {
  readonly storeTimestamp: number;
  /** Everything before this commit-log offset is on disk in the log, in the queues and in the index. */
  readonly safeOffset: number;
  /** Offset of the last record before it; -1 for none. */
  readonly lastRecordOffset: number;
  /** Sum of the ends of all queues. */
  readonly queueEntries: number;
  /** Offset of the newest message that has an index entry; -1 for none. */
  readonly indexEndOffset: number;
}

/** @param indexFinishedTimestamp index files up to this time have their slots on disk */
export function writeCheckpoint(directory: string, checkpoint: Checkpoint, indexFinishedTimestamp: number): void {
  const bytes = existingBytes(directory) ?? Buffer.alloc(CHECKPOINT_BYTES);
  writeInt64(bytes, checkpoint.storeTimestamp, 0);
  writeInt64(bytes, checkpoint.storeTimestamp, 8);
  writeInt64(bytes, indexFinishedTimestamp, 16);
  bytes.writeUInt32BE(MARK_MAGIC, MARK_AT);
  let at = writeInt64(bytes, checkpoint.storeTimestamp, MARK_AT + 4);
  at = writeInt64(bytes, checkpoint.safeOffset, at);
  at = writeInt64(bytes, checkpoint.lastRecordOffset, at);
  at = writeInt64(bytes, checkpoint.queueEntries, at);
  writeInt64(bytes, checkpoint.indexEndOffset, at);
  bytes.writeUInt32BE(crc32(bytes.subarray(MARK_AT, MARK_CRC_AT)), MARK_CRC_AT);
  // In place, as Apache does: a file that was emptied first could stay empty after a kill or on a full disk.
  const file = openSync(join(directory, 'checkpoint'), constants.O_RDWR | constants.O_CREAT, 0o666);
  try {
    writeFileSync(file, bytes);
    ftruncateSync(file, CHECKPOINT_BYTES);
  } finally {
    closeSync(file);
  }
}

/** Undefined when the file is missing, torn, or was written since by a broker that moved its times but not our mark. */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const bytes = existingBytes(directory);
  if (bytes?.readUInt32BE(MARK_AT) !== MARK_MAGIC) return undefined;
  if (bytes.readUInt32BE(MARK_CRC_AT) !== crc32(bytes.subarray(MARK_AT, MARK_CRC_AT))) return undefined;
  const number = (index: number): number => readInt64(bytes, MARK_AT + 4 + index * 8);
  if (number(0) !== readInt64(bytes, 0)) return undefined;
  return {
    storeTimestamp: number(0),
    safeOffset: number(1),
    lastRecordOffset: number(2),
    queueEntries: number(3),
    indexEndOffset: number(4),
  };
}

/** The time that Apache's brokers write too; 0 when nobody did. */
export function readIndexFinishedTimestamp(directory: string): number {
  const bytes = existingBytes(directory);
  return bytes === undefined ? 0 : readInt64(bytes, 16);
}

function existingBytes(directory: string): Buffer | undefined {
  const path = join(directory, 'checkpoint');
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  return bytes.length === CHECKPOINT_BYTES ? bytes : undefined;
}
