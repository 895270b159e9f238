import { readInt64, writeInt64 } from '../../protocol/bigEndian.ts';
import { FileSeries } from '../store/fileSeries.ts';

/*
 * unit = size 4 | position of the slot's unit before it 8 | magic 4 | write time 8 | delay 4 | commit-log offset 8
 *      | record size 4 | hash of the real topic 4 | reserved 8. Source: TimerLog.java; broker sheet §9.4.
 */
const UNIT_BYTES = 52;
const MAGIC_AT = 12;

/** A file's rest that is too small for a unit and this is marked blank. */
const BLANK_BYTES = 16;
const BLANK_MAGIC = (0xbbccddee ^ (1880681586 + 8)) | 0;

/** Units lie at multiples of their size within a file, and so within a window. */
const WINDOW_BYTES = UNIT_BYTES * 315;

/** Bits of a unit's magic. Source: TimerMessageStore.java. */
export const UnitMagic = { DEFAULT: 1, ROLL: 2, DELETE: 4 } as const;
const KNOWN_MAGIC = 0xf;

/** Its message is parked anew. */
export function isRolled({ magic }: TimerUnit): boolean {
  return (magic & UnitMagic.ROLL) !== 0;
}

/** Before the first unit of a slot there is none. */
export const NO_POSITION = -1;

export interface TimerUnit {
  /** Of the unit of the same slot before this one. */
  readonly previous: number;
  readonly magic: number;
  /** The wheel's time when the unit was written. */
  readonly writeMs: number;
  /** The slot. */
  readonly dueMs: number;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
  readonly topicHash: number;
}

/** A unit and where it lies in the timer log. */
export interface PlacedUnit extends TimerUnit {
  readonly position: number;
}

/** A unit for every message that waits, the units of a slot chained from the last to the first. */
export class TimerLog {
  readonly files: FileSeries;
  #end: number;
  #window: Window | undefined;

  /** @throws CodedError `store-damaged` */
  constructor(directory: string, fileBytes: number) {
    this.files = new FileSeries(directory, fileBytes);
    this.#end = this.files.start ?? 0;
  }

  /** Position after the last unit. */
  get end(): number {
    return this.#end;
  }

  /** @returns the unit's position */
  append(unit: TimerUnit): number {
    const { fileBytes } = this.files;
    const remaining = fileBytes - (this.#end % fileBytes);
    let position = this.#end;
    if (UNIT_BYTES + BLANK_BYTES > remaining) {
      if (remaining >= BLANK_BYTES) this.files.write(position, blankOf(remaining));
      position += remaining;
    }
    this.files.write(position, encodeUnit(unit));
    this.#end = position + UNIT_BYTES;
    return position;
  }

  /** The unit is as a marker that takes nothing away, which every broker passes over; a marker stays as it is. */
  markSpent({ position, magic }: PlacedUnit): void {
    if ((magic & UnitMagic.DELETE) !== 0) return;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE((magic & ~UnitMagic.ROLL) | UnitMagic.DELETE, 0);
    this.files.write(position + MAGIC_AT, bytes);
    this.#window = undefined;
  }

  /** Undefined when no unit begins there. */
  async unit(position: number): Promise<TimerUnit | undefined> {
    if (position < (this.files.start ?? 0) || position + UNIT_BYTES > this.#end) return undefined;
    let window = this.#window;
    if (window === undefined || position < window.start || position + UNIT_BYTES > window.end) {
      const fileStart = this.files.startOf(position);
      const start = position - ((position - fileStart) % WINDOW_BYTES);
      const end = Math.min(start + WINDOW_BYTES, fileStart + this.files.fileBytes, this.#end);
      window = { start, end, bytes: await this.files.read(start, end - start) };
      this.#window = window;
    }
    return decodeUnit(window.bytes, position - window.start);
  }

  /** The last unit; undefined when there is none. */
  last(): Promise<TimerUnit | undefined> {
    return this.unitBefore(this.#end);
  }

  /** The unit that ends there, wherever the log ends; undefined when there is none. */
  async unitBefore(position: number): Promise<TimerUnit | undefined> {
    const { fileBytes, start } = this.files;
    if (start === undefined || position <= start) return undefined;
    const inFile = position % fileBytes;
    const at = inFile === 0 ? position - fileBytes + lastUnitInFile(fileBytes) : position - UNIT_BYTES;
    return decodeUnit(await this.files.read(at, UNIT_BYTES), 0);
  }

  /** Removes the first files while what holds for the last unit of each says so; the file that is written stays. */
  async removeFirst(isUnneeded: (last: TimerUnit) => boolean): Promise<void> {
    const { files } = this;
    for (let start = files.start; start !== undefined && start + files.fileBytes < this.#end; start = files.start) {
      const last = await this.unit(start + lastUnitInFile(files.fileBytes));
      if (last === undefined || !isUnneeded(last) || files.start !== start) return;
      await files.removeFirst();
    }
  }

  /** Walks the units from `from` on, or from the first file, and stops at the first that is none: there the log ends. */
  async *scan(from: number): AsyncGenerator<{ readonly position: number; readonly unit: TimerUnit }> {
    const first = this.files.start;
    if (first === undefined) return;
    let position = Math.max(first, Math.min(from, this.files.end ?? first));
    position -= (position % this.files.fileBytes) % UNIT_BYTES;
    this.#end = position;
    for (;;) {
      const bytes = await this.files.read(position, WINDOW_BYTES);
      let at = 0;
      for (; at + BLANK_BYTES <= bytes.length; at += UNIT_BYTES) {
        if (isBlank(bytes, at)) break;
        const unit = at + UNIT_BYTES <= bytes.length ? decodeUnit(bytes, at) : undefined;
        if (unit === undefined) return;
        this.#end = position + at + UNIT_BYTES;
        yield { position: position + at, unit };
      }
      position += at;
      if (at + BLANK_BYTES <= bytes.length) {
        position = this.files.startOf(position) + this.files.fileBytes;
        this.#end = position;
      } else if (at === 0) return;
    }
  }

  /** What lies behind the end reads as zero afterwards. */
  cutBehindEnd(): void {
    this.files.truncate(this.#end);
  }
}

interface Window {
  readonly start: number;
  /** Units from here on were not written when it was read. */
  readonly end: number;
  readonly bytes: Buffer;
}

function encodeUnit(unit: TimerUnit): Buffer {
  const bytes = Buffer.alloc(UNIT_BYTES);
  bytes.writeInt32BE(UNIT_BYTES, 0);
  writeInt64(bytes, unit.previous, 4);
  bytes.writeInt32BE(unit.magic, MAGIC_AT);
  writeInt64(bytes, unit.writeMs, 16);
  bytes.writeInt32BE(unit.dueMs - unit.writeMs, 24);
  writeInt64(bytes, unit.physicalOffset, 28);
  bytes.writeInt32BE(unit.sizeBytes, 36);
  bytes.writeInt32BE(unit.topicHash, 40);
  return bytes;
}

function decodeUnit(bytes: Buffer, at: number): TimerUnit | undefined {
  if (at + UNIT_BYTES > bytes.length || bytes.readInt32BE(at) !== UNIT_BYTES) return undefined;
  const magic = bytes.readInt32BE(at + MAGIC_AT);
  if ((magic | KNOWN_MAGIC) !== KNOWN_MAGIC) return undefined;
  const writeMs = readInt64(bytes, at + 16);
  return {
    previous: readInt64(bytes, at + 4),
    magic,
    writeMs,
    dueMs: writeMs + bytes.readInt32BE(at + 24),
    physicalOffset: readInt64(bytes, at + 28),
    sizeBytes: bytes.readInt32BE(at + 36),
    topicHash: bytes.readInt32BE(at + 40),
  };
}

function blankOf(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(BLANK_BYTES);
  bytes.writeInt32BE(sizeBytes, 0);
  bytes.writeInt32BE(BLANK_MAGIC, 12);
  return bytes;
}

function isBlank(bytes: Buffer, at: number): boolean {
  return bytes.readInt32BE(at + 12) === BLANK_MAGIC;
}

/** Where the last unit of a full file begins. Source: TimerLog.getOffsetForLastUnit. */
function lastUnitInFile(fileBytes: number): number {
  return fileBytes - ((fileBytes - BLANK_BYTES) % UNIT_BYTES) - BLANK_BYTES - UNIT_BYTES;
}

/** It takes another message away, or its own is delivered. */
export function isMarker(unit: TimerUnit): boolean {
  return (unit.magic & UnitMagic.DELETE) !== 0 && (unit.magic & UnitMagic.ROLL) === 0;
}
