/** Those who wait, in the order in which they came; whoever leaves from wherever costs the same. */
export class WaitingLine<T> {
  readonly #places = new Map<T, Place<T>>();
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get size(): number {
    return this.#places.size;
  }

  get first(): T | undefined {
    return this.#first?.who;
  }

  get last(): T | undefined {
    return this.#last?.who;
  }

  all(): Iterable<T> {
    return this.#places.keys();
  }

  add(who: T): void {
    const place: Place<T> = { who, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#places.set(who, place);
  }

  /** @returns false for one who does not wait here */
  delete(who: T): boolean {
    const place = this.#places.get(who);
    if (place === undefined) return false;
    this.#places.delete(who);
    const { before, behind } = place;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    return true;
  }
}

interface Place<T> {
  readonly who: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
}
