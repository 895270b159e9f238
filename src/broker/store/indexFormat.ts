import { readInt64, writeInt64 } from '../../protocol/bigEndian.ts';

/*
 * index file = header 40 | slots × 4 | entries × 20
 * header = begin time 8 | end time 8 | begin offset 8 | end offset 8 | slots in use 4 | entry count 4 (from 1 on)
 * slot = newest entry, 0 for none; entry = key hash 4 | commit-log offset 8 | seconds since begin time 4 | entry before 4
 * Source: IndexFile.java, IndexHeader.java; remoting sheet §4.10.
 */

export const INDEX_HEADER_BYTES = 40;
export const INDEX_ENTRY_BYTES = 20;

export interface IndexGeometry {
  /** `maxHashSlotNum` */
  readonly slots: number;
  /** `maxIndexNum`; entry 0 is never used. */
  readonly entries: number;
}

export interface IndexHeader {
  beginTimestamp: number;
  endTimestamp: number;
  beginOffset: number;
  endOffset: number;
  slotsInUse: number;
  /** The number that the next entry gets. */
  count: number;
}

export interface IndexEntry {
  readonly hash: number;
  readonly physicalOffset: number;
  readonly seconds: number;
  readonly previous: number;
}

export function entriesAt({ slots }: IndexGeometry): number {
  return INDEX_HEADER_BYTES + slots * 4;
}

export function indexFileBytes(geometry: IndexGeometry): number {
  return entriesAt(geometry) + geometry.entries * INDEX_ENTRY_BYTES;
}

export function encodeIndexHeader(header: IndexHeader): Buffer {
  const bytes = Buffer.alloc(INDEX_HEADER_BYTES);
  writeInt64(bytes, header.beginTimestamp, 0);
  writeInt64(bytes, header.endTimestamp, 8);
  writeInt64(bytes, header.beginOffset, 16);
  writeInt64(bytes, header.endOffset, 24);
  bytes.writeInt32BE(header.slotsInUse, 32);
  bytes.writeInt32BE(header.count, 36);
  return bytes;
}

export function decodeIndexHeader(bytes: Buffer): IndexHeader {
  return {
    beginTimestamp: readInt64(bytes, 0),
    endTimestamp: readInt64(bytes, 8),
    beginOffset: readInt64(bytes, 16),
    endOffset: readInt64(bytes, 24),
    slotsInUse: bytes.readInt32BE(32),
    count: Math.max(1, bytes.readInt32BE(36)),
  };
}

export function decodeIndexEntry(bytes: Buffer, at: number): IndexEntry {
  return {
    hash: bytes.readInt32BE(at),
    physicalOffset: readInt64(bytes, at + 4),
    seconds: bytes.readInt32BE(at + 12),
    previous: bytes.readInt32BE(at + 16),
  };
}
