import { readInt32, writeInt32 } from '../../protocol/bigEndian.ts';

/** Slots a page; a page of a file is read when one of its slots is first asked for. */
const PAGE_SLOTS = 4096;
const SLOT_BYTES = 4;

/** The hash slots of an index file in memory: per slot the newest entry, 0 for none, in the bytes of the file. */
export class SlotTable {
  readonly #slots: number;
  readonly #readPage: (at: number, sizeBytes: number) => Buffer;
  #pages: (Buffer | undefined)[] = [];
  readonly #changed = new Set<number>();
  #isCleared = false;

  /** @param readPage gives bytes of the slots in the file */
  constructor(slots: number, readPage: (at: number, sizeBytes: number) => Buffer) {
    this.#slots = slots;
    this.#readPage = readPage;
  }

  get(slot: number): number {
    return readInt32(this.#page(Math.floor(slot / PAGE_SLOTS)), (slot % PAGE_SLOTS) * SLOT_BYTES);
  }

  set(slot: number, entry: number): void {
    this.exchange(slot, entry);
  }

  /** Sets a slot. @returns what was there */
  exchange(slot: number, entry: number): number {
    const number = Math.floor(slot / PAGE_SLOTS);
    const page = this.#pages[number] ?? this.#page(number);
    const at = (slot % PAGE_SLOTS) * SLOT_BYTES;
    const before = readInt32(page, at);
    writeInt32(page, entry, at);
    if (!this.#isCleared) this.#changed.add(number);
    return before;
  }

  /** All slots are empty, whatever the file says. */
  clear(): void {
    this.#pages = [];
    this.#isCleared = true;
    for (let page = 0; page * PAGE_SLOTS < this.#slots; page += 1) this.#changed.add(page);
  }

  /** What the file does not have yet, with its place among the slots in bytes. */
  *changes(): Iterable<{ readonly at: number; readonly bytes: Buffer }> {
    for (const page of this.#changed) {
      yield { at: page * PAGE_SLOTS * SLOT_BYTES, bytes: this.#pages[page] ?? Buffer.alloc(this.#sizeOf(page)) };
    }
  }

  /** The file has everything: nothing need be held. */
  release(): void {
    this.#changed.clear();
    this.#pages = [];
    this.#isCleared = false;
  }

  #page(page: number): Buffer {
    const held = this.#pages[page];
    if (held !== undefined) return held;
    const sizeBytes = this.#sizeOf(page);
    const bytes = this.#isCleared ? Buffer.alloc(sizeBytes) : this.#readPage(page * PAGE_SLOTS * SLOT_BYTES, sizeBytes);
    this.#pages[page] = bytes;
    return bytes;
  }

  #sizeOf(page: number): number {
    return Math.min(PAGE_SLOTS, this.#slots - page * PAGE_SLOTS) * SLOT_BYTES;
  }
}
