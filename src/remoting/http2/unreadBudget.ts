/** Somebody whose answers wait until it reads on. */
export interface SlowReader {
  readonly queuedBytes: number;
  /** Lets go of all that waits. */
  giveUp(): void;
}

/** What the clients of all connections together may leave unread. Past that, who leaves most unread is given up. */
export class UnreadBudget {
  readonly #maxBytes: number;
  readonly #readers = new Set<SlowReader>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(reader: SlowReader): void {
    this.#readers.add(reader);
  }

  /** What it left unread is counted no more; it must be nothing by then. */
  remove(reader: SlowReader): void {
    this.#readers.delete(reader);
  }

  /** What waits for a reader became so much more, or less. */
  changed(bytes: number): void {
    this.#bytes += bytes;
    if (bytes <= 0 || this.#bytes <= this.#maxBytes) return;
    let most: SlowReader | undefined;
    for (const reader of this.#readers) if (reader.queuedBytes > (most?.queuedBytes ?? 0)) most = reader;
    most?.giveUp();
  }
}
