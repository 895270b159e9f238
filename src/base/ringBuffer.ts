/** Keeps the newest `capacity` items. An item's number is its position since the start and never changes. */
export class RingBuffer<T> {
  readonly capacity: number;
  /** The item with number n is at n % capacity. */
  #items: (T | undefined)[] = [];
  #first = 0;
  #added = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`capacity ${capacity} is not a positive integer`);
    this.capacity = capacity;
  }

  /** How many are held now. */
  get size(): number {
    return this.#added - this.#first;
  }

  /** How many were ever added since the last `clear`; the next item gets this number. */
  get added(): number {
    return this.#added;
  }

  /** The number of the oldest item held; equal to `added` when empty. */
  get first(): number {
    return this.#first;
  }

  push(item: T): void {
    if (this.size === this.capacity) this.#first += 1;
    this.#items[this.#added % this.capacity] = item;
    this.#added += 1;
  }

  /** Takes the oldest item out; undefined when there is none. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const at = this.#first % this.capacity;
    const item = this.#items[at];
    this.#items[at] = undefined;
    this.#first += 1;
    return item;
  }

  /** The item with that number, or undefined when it was never added or is gone. */
  get(number: number): T | undefined {
    if (number < this.first || number >= this.#added) return undefined;
    return this.#items[number % this.capacity];
  }

  /** Up to `limit` items from `number` on, oldest first; starts at the oldest held when `number` is gone. */
  slice(number: number, limit: number): T[] {
    const found: T[] = [];
    for (let n = Math.max(number, this.first); n < this.#added && found.length < limit; n += 1) {
      const item = this.get(n);
      if (item !== undefined) found.push(item);
    }
    return found;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
    this.#added = 0;
  }
}
