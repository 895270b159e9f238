import { readInt32, readInt64, writeInt32, writeInt64 } from '../../protocol/bigEndian.ts';

/* entry = commit-log offset 8 | record size 4 | tags code 8. Source: ConsumeQueue.java; remoting sheet §4.8. */
export const ENTRY_BYTES = 20;

/** Fills the front of a queue whose first message is not number 0. */
const PADDING_SIZE = 0x7fffffff;

export interface QueueEntry {
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly tagsCode: number;
}

export function entryAt(bytes: Buffer, at: number): QueueEntry {
  return {
    physicalOffset: physicalOffsetAt(bytes, at),
    sizeBytes: readInt32(bytes, at + 8),
    tagsCode: readInt64(bytes, at + 12),
  };
}

export function physicalOffsetAt(bytes: Buffer, at: number): number {
  return readInt64(bytes, at);
}

export function writeEntry(entry: QueueEntry, bytes: Buffer, at: number): void {
  writeInt64(bytes, entry.physicalOffset, at);
  writeInt32(bytes, entry.sizeBytes, at + 8);
  writeInt64(bytes, entry.tagsCode, at + 12);
}

export function isPadding(entry: QueueEntry): boolean {
  return entry.sizeBytes === PADDING_SIZE;
}

export function paddingEntries(count: number): Buffer {
  const padding = Buffer.alloc(count * ENTRY_BYTES);
  for (let at = 0; at < padding.length; at += ENTRY_BYTES) writeInt32(padding, PADDING_SIZE, at + 8);
  return padding;
}
