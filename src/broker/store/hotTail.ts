const CHUNK_BYTES = 1024 * 1024;
const MAX_HELD_BYTES = 16 * 1024 * 1024;

interface Chunk {
  readonly start: number;
  readonly bytes: Buffer;
  used: number;
  /** Somebody may still hold what was read. */
  wasRead: boolean;
}

/**
 * The newest bytes of the commit log, so that what was just stored is read without the disk. Bytes that were read never
 * change; memory that nobody read from is used again, since making and collecting a hundred MiB a second holds up all.
 */
export class HotTail {
  #chunks: Chunk[] = [];
  #spare: Buffer | undefined;
  #heldBytes = 0;

  /**
   * Room for `sizeBytes` at `position`, which follows the last room or begins anew; filled by the caller.
   * @param writtenEnd what lies before it nobody needs any more to write it
   */
  reserve(position: number, sizeBytes: number, writtenEnd: number): { readonly bytes: Buffer; readonly at: number } {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.start + last.used === position && last.used + sizeBytes <= last.bytes.length) {
      last.used += sizeBytes;
      return { bytes: last.bytes, at: last.used - sizeBytes };
    }
    const bytes = this.#memory(sizeBytes);
    this.#chunks.push({ start: position, bytes, used: sizeBytes, wasRead: false });
    this.#heldBytes += bytes.length;
    while (this.#heldBytes > MAX_HELD_BYTES && this.#chunks.length > 1) {
      const oldest = this.#chunks.shift();
      if (oldest === undefined) break;
      this.#heldBytes -= oldest.bytes.length;
      const isFree = !oldest.wasRead && oldest.start + oldest.used <= writtenEnd;
      if (isFree && oldest.bytes.length === CHUNK_BYTES) this.#spare = oldest.bytes;
    }
    return { bytes, at: 0 };
  }

  #memory(sizeBytes: number): Buffer {
    const spare = this.#spare;
    if (spare === undefined || sizeBytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, sizeBytes));
    this.#spare = undefined;
    return spare;
  }

  /** Forgets everything from `position` on, after a write that failed. */
  rewind(position: number): void {
    while ((this.#chunks.at(-1)?.start ?? -1) >= position) this.#heldBytes -= this.#chunks.pop()?.bytes.length ?? 0;
    const last = this.#chunks.at(-1);
    if (last !== undefined) last.used = Math.min(last.used, position - last.start);
  }

  /** The bytes at `position` when all of them are held. */
  read(position: number, sizeBytes: number): Buffer | undefined {
    return this.#read(position, sizeBytes, sizeBytes);
  }

  /** As many of the bytes at `position` as are held together. */
  readSome(position: number, maxBytes: number): Buffer | undefined {
    return this.#read(position, 1, maxBytes);
  }

  #read(position: number, minBytes: number, maxBytes: number): Buffer | undefined {
    for (let index = this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index];
      if (chunk === undefined || position < chunk.start) continue;
      const at = position - chunk.start;
      if (at + minBytes > chunk.used) return undefined;
      chunk.wasRead = true;
      return chunk.bytes.subarray(at, Math.min(at + maxBytes, chunk.used));
    }
    return undefined;
  }
}
