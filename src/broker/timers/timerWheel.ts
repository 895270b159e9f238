import { closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError } from '../../base/errors.ts';
import { readInt64, writeInt64 } from '../../protocol/bigEndian.ts';

const fdatasyncAsync = promisify(fdatasync);

/*
 * `timerwheel`: slot = moment ÷ precision 8 | log position of its first unit 8 | of its last 8 | messages 4 | magic 4.
 * The file holds two turns, so that a slot of the turn to come never takes the place of one that is not served yet.
 * Source: TimerWheel.java, Slot.java; broker sheet §9.4.
 */
const SLOT_BYTES = 32;
const EMPTY_SLOT = Buffer.alloc(SLOT_BYTES);
const BLOCK_BYTES = SLOT_BYTES * 128;
const EMPTY_BLOCK = Buffer.alloc(BLOCK_BYTES);
const READ_BYTES = BLOCK_BYTES * 64;

/** Slots of a turn: a week of seconds. Source: TimerMessageStore.java, TIMER_WHEEL_TTL_DAY. */
export const TURN_SLOTS = 7 * 24 * 3600;
const FILE_SLOTS = 2 * TURN_SLOTS;

export interface Slot {
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly count: number;
}

/** Which units of the timer log are due at which moment. Memory holds one bit a slot, the rest stays in the file. */
export class TimerWheel implements Disposable {
  /** There was no file: what the log holds is not known here. */
  readonly isNew: boolean;
  readonly #path: string;
  readonly #precisionMs: number;
  readonly #pending = new Uint32Array(FILE_SLOTS / 32);
  readonly #bytes = Buffer.alloc(SLOT_BYTES);
  #file: number | undefined;
  #isUnsynced = false;
  #waiting = 0;
  #pendingSlots = 0;
  /** What the file says of the slot that was asked for last: who puts a message asks several times. */
  #latest: { readonly number: number; readonly slot: Slot | undefined } | undefined;

  /**
   * The file is made when the first message is put.
   * @param fromMs slots before were served
   * @throws CodedError `store-damaged` for a file whose length does not fit
   */
  constructor(path: string, precisionMs: number, fromMs: number) {
    this.#path = path;
    this.#precisionMs = precisionMs;
    this.isNew = !existsSync(path);
    if (this.isNew) return;
    const file = this.#open();
    const { size } = fstatSync(file);
    if (size !== 0 && size !== FILE_SLOTS * SLOT_BYTES) {
      const reason = `it has ${size} bytes instead of ${FILE_SLOTS * SLOT_BYTES}`;
      this.dispose();
      throw new CodedError('store-damaged', { path, reason });
    }
    ftruncateSync(file, FILE_SLOTS * SLOT_BYTES);
    this.#load(file, this.#number(fromMs));
  }

  /** Messages in the slots that were not served. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Undefined when no message is due at that moment. */
  slot(timeMs: number): Slot | undefined {
    if (this.#file === undefined) return undefined;
    const number = this.#number(timeMs);
    if (this.#latest?.number !== number) this.#latest = { number, slot: this.#read(this.#file, number) };
    return this.#latest.slot;
  }

  /** Chains a unit to the slot; `messages` is 1, or -1 for one that takes another away. */
  add(timeMs: number, position: number, messages: number): void {
    const { firstPosition = position, count = 0 } = this.slot(timeMs) ?? {};
    const slot: Slot = { firstPosition, lastPosition: position, count: count + messages };
    const number = this.#number(timeMs);
    const index = number % FILE_SLOTS;
    writeInt64(this.#bytes, number, 0);
    writeInt64(this.#bytes, slot.firstPosition, 8);
    writeInt64(this.#bytes, slot.lastPosition, 16);
    this.#bytes.writeInt32BE(slot.count, 24);
    this.#bytes.writeInt32BE(0, 28);
    this.#isUnsynced = true;
    this.#latest = undefined;
    writeSync(this.#file ?? this.#open(), this.#bytes, 0, SLOT_BYTES, index * SLOT_BYTES);
    this.#latest = { number, slot };
    this.#mark(index);
    this.#waiting += messages;
  }

  /** The slot was served, and is as if it never had been: a clock that is set back may fill it again. */
  clear(timeMs: number): void {
    const slot = this.slot(timeMs);
    if (slot === undefined || this.#file === undefined) return;
    const index = this.#number(timeMs) % FILE_SLOTS;
    const word = this.#pending[index >>> 5] ?? 0;
    const bit = 1 << (index & 31);
    if ((word & bit) !== 0) this.#pendingSlots -= 1;
    this.#pending[index >>> 5] = word & ~bit;
    this.#latest = undefined;
    this.#waiting -= slot.count;
    this.#isUnsynced = true;
    writeSync(this.#file, EMPTY_SLOT, 0, SLOT_BYTES, index * SLOT_BYTES);
  }

  /** The first moment from `fromMs` on at which something is due. */
  next(fromMs: number): number | undefined {
    // Otherwise the whole turn would be looked at, each time.
    if (this.#pendingSlots === 0) return undefined;
    const from = this.#number(fromMs);
    const fromIndex = from % FILE_SLOTS;
    for (let step = 0; step <= this.#pending.length; step += 1) {
      const word = ((fromIndex >>> 5) + step) % this.#pending.length;
      let bits = this.#pending[word] ?? 0;
      // The first word is looked at twice: for what is at or after the start, and last for what comes before it.
      if (step === 0) bits &= -1 << (fromIndex & 31);
      if (bits === 0) continue;
      const index = word * 32 + (31 - Math.clz32(bits & -bits));
      return (from + ((index - fromIndex + FILE_SLOTS) % FILE_SLOTS)) * this.#precisionMs;
    }
    return undefined;
  }

  async sync(): Promise<void> {
    if (this.#file === undefined || !this.#isUnsynced) return;
    this.#isUnsynced = false;
    try {
      await fdatasyncAsync(this.#file);
    } catch (error) {
      this.#isUnsynced = true;
      throw error;
    }
  }

  dispose(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #number(timeMs: number): number {
    return Math.floor(timeMs / this.#precisionMs);
  }

  #read(file: number, number: number): Slot | undefined {
    readSync(file, this.#bytes, 0, SLOT_BYTES, (number % FILE_SLOTS) * SLOT_BYTES);
    if (readInt64(this.#bytes, 0) !== number) return undefined;
    return {
      firstPosition: readInt64(this.#bytes, 8),
      lastPosition: readInt64(this.#bytes, 16),
      count: this.#bytes.readInt32BE(24),
    };
  }

  #mark(index: number): void {
    const word = this.#pending[index >>> 5] ?? 0;
    const bit = 1 << (index & 31);
    if ((word & bit) === 0) this.#pendingSlots += 1;
    this.#pending[index >>> 5] = word | bit;
  }

  #load(file: number, from: number): void {
    const bytes = Buffer.allocUnsafe(READ_BYTES);
    for (let first = 0; first < FILE_SLOTS; first += READ_BYTES / SLOT_BYTES) {
      const bytesRead = readSync(file, bytes, 0, READ_BYTES, first * SLOT_BYTES);
      for (let at = 0; at < bytesRead; at += BLOCK_BYTES) {
        const end = Math.min(at + BLOCK_BYTES, bytesRead);
        // Most of the file was never written.
        if (bytes.compare(EMPTY_BLOCK, 0, end - at, at, end) !== 0) this.#loadBlock(bytes, at, end, first, from);
      }
    }
  }

  #loadBlock(bytes: Buffer, start: number, end: number, first: number, from: number): void {
    for (let at = start; at < end; at += SLOT_BYTES) {
      const number = readInt64(bytes, at);
      if (number < from || number >= from + FILE_SLOTS) continue;
      this.#mark(first + at / SLOT_BYTES);
      this.#waiting += bytes.readInt32BE(at + 24);
    }
  }

  #open(): number {
    const isNew = !existsSync(this.#path);
    const file = openSync(this.#path, isNew ? 'w+' : 'r+');
    if (isNew) ftruncateSync(file, FILE_SLOTS * SLOT_BYTES);
    this.#file = file;
    return file;
  }
}
