import type { Http2Stream } from './http2Stream.ts';

const LEAST_BUCKETS = 16;

/**
 * The open streams of a connection by their ids. No `Map`: one that is filled and emptied makes its table anew again and
 * again, and each old table of V8 keeps what was in it and points to the next, so that every call of a connection would
 * wait for a collection of the old generation.
 */
export class StreamTable {
  #buckets: (Http2Stream | undefined)[] = emptyBuckets(LEAST_BUCKETS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    let stream = this.#buckets[this.#bucketOf(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.next;
    return stream;
  }

  add(stream: Http2Stream): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#insert(stream);
    this.#size += 1;
  }

  delete(stream: Http2Stream): void {
    const bucket = this.#bucketOf(stream.id);
    let before: Http2Stream | undefined;
    let at = this.#buckets[bucket];
    while (at !== undefined && at !== stream) [before, at] = [at, at.next];
    if (at === undefined) return;
    if (before === undefined) this.#buckets[bucket] = stream.next;
    else before.next = stream.next;
    stream.next = undefined;
    this.#size -= 1;
  }

  /** Those that are there now. */
  all(): Http2Stream[] {
    const streams: Http2Stream[] = [];
    for (const first of this.#buckets) {
      for (let stream = first; stream !== undefined; stream = stream.next) streams.push(stream);
    }
    return streams;
  }

  #grow(): void {
    const streams = this.all();
    this.#buckets = emptyBuckets(this.#buckets.length * 2);
    for (const stream of streams) this.#insert(stream);
  }

  #insert(stream: Http2Stream): void {
    const bucket = this.#bucketOf(stream.id);
    stream.next = this.#buckets[bucket];
    this.#buckets[bucket] = stream;
  }

  /** Clients count by twos. */
  #bucketOf(id: number): number {
    return (id >>> 1) & (this.#buckets.length - 1);
  }
}

function emptyBuckets(count: number): (Http2Stream | undefined)[] {
  return new Array<Http2Stream | undefined>(count).fill(undefined);
}
