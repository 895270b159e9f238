import { CodedError } from '../base/errors.ts';
import { readInt32, writeInt32 } from './bigEndian.ts';
import { BinaryCommand, encodeBinaryHeader } from './binaryHeader.ts';
import { EMPTY_BODY } from './command.ts';
import type { RemotingCommand, SerializeType } from './command.ts';
import { decodeJsonHeader, jsonHeaderText, writePlainJsonHeader } from './jsonHeader.ts';

/*
 * frame  = totalLength(4) serializeType(1) headerLength(3) header body        (big endian)
 * totalLength counts everything after itself. Source: NettyDecoder.java, RemotingCommand.java; remoting sheet §1.2.
 */

/** Largest frame, the length word included (`com.rocketmq.remoting.frameMaxLength`). */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 0xffffff;

export interface DecodedFrame {
  readonly command: RemotingCommand;
  readonly serializeType: SerializeType;
}

/**
 * One whole frame, the length word included. The body is a slice of `frame`.
 * @throws CodedError `frame-illegal` when the lengths do not fit or the header cannot be read
 */
export function decodeFrame(frame: Buffer): DecodedFrame {
  const command = readFrame(frame);
  if (!(command instanceof BinaryCommand)) return { command, serializeType: 'JSON' };
  const { code, language, version, opaque, flag, remark, extFields, body } = command;
  return { command: { code, language, version, opaque, flag, remark, extFields, body }, serializeType: 'ROCKETMQ' };
}

/** The command alone; a binary one is a BinaryCommand. Errors as `decodeFrame`. */
export function readFrame(frame: Buffer): RemotingCommand {
  if (frame.length < PREFIX_BYTES) throw illegal(`${frame.length} bytes are less than a frame's prefix`);
  const totalBytes = readInt32(frame, 0) + 4;
  if (totalBytes !== frame.length) throw illegal(`length word says ${totalBytes}, frame has ${frame.length}`);
  const headerEnd = PREFIX_BYTES + headerBytesOf(frame, 0);
  if (headerEnd > frame.length) throw illegal('the header is longer than the frame');
  const type = frame[4];
  const body = headerEnd === frame.length ? EMPTY_BODY : frame.subarray(headerEnd);
  if (type === 0) return decodeJsonHeader(frame.toString('utf8', PREFIX_BYTES, headerEnd), body);
  if (type === 1) return new BinaryCommand(frame, PREFIX_BYTES, headerEnd, body);
  throw illegal(`serialize type ${String(type)} is unknown`);
}

/**
 * @param serializeType `ROCKETMQ` carries codes up to 32767 only, so never the POP family (remoting sheet §1.4)
 * @throws CodedError `frame-too-large` past `MAX_FRAME_BYTES`, `frame-illegal` for a code that does not fit
 */
export function encodeFrame(command: RemotingCommand, serializeType: SerializeType = 'JSON'): Buffer {
  return Buffer.concat([encodeHead(command, command.body.length, serializeType), command.body]);
}

/** Everything of a frame before its body. Errors as `encodeFrame`. */
export function encodeHead(command: RemotingCommand, bodyBytes: number, serializeType: SerializeType = 'JSON'): Buffer {
  const head = serializeType === 'JSON' ? jsonHead(command) : encodeBinaryHeader(command, PREFIX_BYTES);
  writePrefix(head, 0, head.length, bodyBytes, serializeType);
  return head;
}

/**
 * Writes the head at `at` of `target` when it is plain and fits, see `writePlainJsonHeader`.
 * @returns the position behind it, or -1
 * @throws CodedError `frame-too-large`
 */
export function writePlainHead(command: RemotingCommand, bodyBytes: number, target: Buffer, at: number): number {
  if (at + PREFIX_BYTES > target.length) return -1;
  const end = writePlainJsonHeader(command, target, at + PREFIX_BYTES);
  if (end >= 0) writePrefix(target, at, end, bodyBytes, 'JSON');
  return end;
}

function jsonHead(command: RemotingCommand): Buffer {
  const text = jsonHeaderText(command);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + Buffer.byteLength(text));
  head.write(text, PREFIX_BYTES, 'utf8');
  return head;
}

/** @throws CodedError `frame-too-large`, `frame-illegal` */
function writePrefix(target: Buffer, at: number, end: number, bodyBytes: number, serializeType: SerializeType): void {
  const sizeBytes = end - at + bodyBytes;
  if (sizeBytes > MAX_FRAME_BYTES)
    throw new CodedError('frame-too-large', { sizeBytes, maxSizeBytes: MAX_FRAME_BYTES });
  const headerBytes = end - at - PREFIX_BYTES;
  if (headerBytes > MAX_HEADER_BYTES) throw illegal(`a header of ${headerBytes} bytes does not fit 24 bits`);
  writeInt32(target, sizeBytes - 4, at);
  writeInt32(target, ((serializeType === 'JSON' ? 0 : 1) << 24) | headerBytes, at + 4);
}

/**
 * Cuts a stream of bytes into frames, however the bytes arrive.
 * `push` returns the frames that became whole; they are slices of what was pushed where possible.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  /** Size of the frame under way, 0 while its length word is not whole. */
  #wantedBytes = 0;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes held back until their frame is whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws CodedError `frame-too-large` or `frame-illegal`; the stream cannot be read on after that */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let rest = chunk;
    if (this.#heldBytes > 0) {
      const missing = (this.#wantedBytes === 0 ? PREFIX_BYTES : this.#wantedBytes) - this.#heldBytes;
      this.#hold(rest.subarray(0, missing));
      rest = rest.subarray(Math.min(missing, rest.length));
      if (this.#wantedBytes === 0 && this.#heldBytes >= PREFIX_BYTES) return this.#resumeAfterPrefix(rest);
      if (this.#wantedBytes === 0 || this.#heldBytes < this.#wantedBytes) return frames;
      frames.push(this.#takeHeld());
    }
    let at = 0;
    while (rest.length - at >= PREFIX_BYTES) {
      const frameBytes = this.#frameBytes(rest, at);
      if (rest.length - at < frameBytes) {
        this.#wantedBytes = frameBytes;
        break;
      }
      frames.push(rest.subarray(at, at + frameBytes));
      at += frameBytes;
    }
    if (at < rest.length) this.#hold(rest.subarray(at));
    return frames;
  }

  #resumeAfterPrefix(rest: Buffer): Buffer[] {
    const prefix = this.#takeHeld();
    this.#wantedBytes = this.#frameBytes(prefix, 0);
    this.#hold(prefix);
    if (this.#wantedBytes > this.#heldBytes) return this.push(rest);
    return [this.#takeHeld(), ...this.push(rest)];
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #takeHeld(): Buffer {
    const whole =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#heldBytes = 0;
    this.#wantedBytes = 0;
    return whole;
  }

  #frameBytes(bytes: Buffer, at: number): number {
    const frameBytes = readInt32(bytes, at) + 4;
    if (frameBytes > this.#maxFrameBytes) {
      throw new CodedError('frame-too-large', { sizeBytes: frameBytes, maxSizeBytes: this.#maxFrameBytes });
    }
    if (frameBytes < PREFIX_BYTES || headerBytesOf(bytes, at) > frameBytes - PREFIX_BYTES) {
      throw illegal('the lengths in the prefix do not fit each other');
    }
    return frameBytes;
  }
}

function headerBytesOf(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + 4) & MAX_HEADER_BYTES;
}

function illegal(reason: string): CodedError {
  return new CodedError('frame-illegal', { reason });
}
