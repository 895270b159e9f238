const CHUNK_BYTES = 1024 * 1024;
const MAX_HELD_BYTES = 16 * 1024 * 1024;

interface Chunk {
  readonly start: number;
  readonly bytes: Buffer;
  used: number;
}

/** The newest bytes of the commit log, so that what was just stored is read without the disk. Bytes never change. */
export class HotTail {
  #chunks: Chunk[] = [];
  #heldBytes = 0;

  /** True when room at `position` would follow the last room within one piece of memory. */
  continues(position: number, sizeBytes: number): boolean {
    const last = this.#chunks.at(-1);
    return last !== undefined && last.start + last.used === position && last.used + sizeBytes <= last.bytes.length;
  }

  /** Room for `sizeBytes` at `position`, which follows the last room or begins anew; filled by the caller. */
  reserve(position: number, sizeBytes: number): { readonly bytes: Buffer; readonly at: number } {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.continues(position, sizeBytes)) {
      last.used += sizeBytes;
      return { bytes: last.bytes, at: last.used - sizeBytes };
    }
    const chunk = { start: position, bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, sizeBytes)), used: sizeBytes };
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.bytes.length;
    while (this.#heldBytes > MAX_HELD_BYTES && this.#chunks.length > 1) {
      this.#heldBytes -= this.#chunks.shift()?.bytes.length ?? 0;
    }
    return { bytes: chunk.bytes, at: 0 };
  }

  /** Forgets everything from `position` on, after a write that failed. */
  rewind(position: number): void {
    while ((this.#chunks.at(-1)?.start ?? -1) >= position) this.#heldBytes -= this.#chunks.pop()?.bytes.length ?? 0;
    const last = this.#chunks.at(-1);
    if (last !== undefined) last.used = Math.min(last.used, position - last.start);
  }

  /** The bytes at `position` when all of them are held. */
  read(position: number, sizeBytes: number): Buffer | undefined {
    for (let index = this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index];
      if (chunk === undefined || position < chunk.start) continue;
      const at = position - chunk.start;
      return at + sizeBytes <= chunk.used ? chunk.bytes.subarray(at, at + sizeBytes) : undefined;
    }
    return undefined;
  }
}
