/** The newest are kept: what was on its way for an older one has come by now. */
const MOST = 1024;

/** Streams that ended here before their client had said its last: what still comes for them is no error. */
export class AbandonedStreams {
  readonly #ids = new Set<number>();

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= MOST) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
