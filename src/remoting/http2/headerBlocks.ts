import { FrameFlag, FrameType, Http2Code, Http2Error } from '../../protocol/http2/http2Code.ts';
import { withoutPadding } from '../../protocol/http2/payloads.ts';

export interface HeaderBlock {
  readonly streamId: number;
  readonly isEnd: boolean;
  readonly block: Buffer;
}

/** Puts header blocks together that come in several frames. Source: RFC 9113 §6.2, §6.10. */
export class HeaderBlocks {
  readonly #maxBytes: number;
  #begun: { readonly streamId: number; readonly isEnd: boolean; readonly pieces: Buffer[]; bytes: number } | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws Http2Error for a frame that may not come within a block */
  check(type: number, streamId: number): void {
    const isNext = type === FrameType.CONTINUATION && streamId === this.#begun?.streamId;
    if (this.#begun !== undefined && !isNext) {
      throw new Http2Error(Http2Code.PROTOCOL_ERROR, 'a header block is interrupted');
    }
  }

  /** HEADERS. @returns the block, when that is all of it. @throws Http2Error */
  begin(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    let block = withoutPadding(flags, payload);
    if ((flags & FrameFlag.PRIORITY) !== 0) {
      if (block.length < 5) throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, 'headers without their priority');
      block = block.subarray(5);
    }
    const isEnd = (flags & FrameFlag.END_STREAM) !== 0;
    if ((flags & FrameFlag.END_HEADERS) !== 0) return { streamId, isEnd, block };
    this.#begun = { streamId, isEnd, pieces: [block], bytes: block.length };
    return undefined;
  }

  /** CONTINUATION. @returns the block, when that is the end of it. @throws Http2Error */
  goOn(flags: number, payload: Buffer): HeaderBlock | undefined {
    const begun = this.#begun;
    if (begun === undefined) {
      throw new Http2Error(Http2Code.PROTOCOL_ERROR, 'a header block goes on that did not begin');
    }
    begun.pieces.push(payload);
    // Empty ones are not free either.
    begun.bytes += Math.max(payload.length, 64);
    if (begun.bytes > this.#maxBytes) throw new Http2Error(Http2Code.ENHANCE_YOUR_CALM, 'too many headers');
    if ((flags & FrameFlag.END_HEADERS) === 0) return undefined;
    this.#begun = undefined;
    return { streamId: begun.streamId, isEnd: begun.isEnd, block: Buffer.concat(begun.pieces) };
  }
}
