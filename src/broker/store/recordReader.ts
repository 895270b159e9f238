import type { CommitLog } from './commitLog.ts';

export interface Extent {
  readonly physicalOffset: number;
  readonly sizeBytes: number;
}

/** Records of one queue usually lie among those of others: up to this far apart they are read together. */
const MAX_GAP_BYTES = 16 * 1024;
const MAX_READ_BYTES = 256 * 1024;

/** Reads places of the log that are known beforehand, in their order, with one read of a file for those near each other. */
export class RecordReader {
  readonly #log: CommitLog;
  readonly #extents: readonly Extent[];
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(log: CommitLog, extents: readonly Extent[]) {
    this.#log = log;
    this.#extents = extents;
  }

  /** As `CommitLog.read`. */
  read(index: number): Buffer | undefined | Promise<Buffer | undefined> {
    const extent = this.#extents[index];
    if (extent === undefined) return undefined;
    const { physicalOffset, sizeBytes } = extent;
    return this.#log.readHot(physicalOffset, sizeBytes) ?? this.#held(extent) ?? this.#readWindow(index, extent);
  }

  #held({ physicalOffset, sizeBytes }: Extent): Buffer | undefined {
    const at = physicalOffset - this.#windowAt;
    return at >= 0 && at + sizeBytes <= this.#window.length ? this.#window.subarray(at, at + sizeBytes) : undefined;
  }

  async #readWindow(index: number, extent: Extent): Promise<Buffer | undefined> {
    const start = extent.physicalOffset;
    let end = start + extent.sizeBytes;
    for (let next = index + 1; next < this.#extents.length; next += 1) {
      const { physicalOffset = 0, sizeBytes = 0 } = this.#extents[next] ?? {};
      const gapBytes = physicalOffset - end;
      if (gapBytes < 0 || gapBytes > MAX_GAP_BYTES || physicalOffset + sizeBytes - start > MAX_READ_BYTES) break;
      end = physicalOffset + sizeBytes;
    }
    this.#window = await this.#log.files.read(start, end - start);
    this.#windowAt = start;
    return this.#held(extent);
  }
}
