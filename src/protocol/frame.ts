import { CodedError, errorText } from '../base/errors.ts';
import { EMPTY_BODY } from './command.ts';
import type { RemotingCommand, SerializeType } from './command.ts';
import { languageCode, languageName } from './language.ts';

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
  if (frame.length < PREFIX_BYTES) throw illegal(`${frame.length} bytes are less than a frame's prefix`);
  const totalBytes = frame.readInt32BE(0) + 4;
  if (totalBytes !== frame.length) throw illegal(`length word says ${totalBytes}, frame has ${frame.length}`);
  const headerEnd = PREFIX_BYTES + headerBytesOf(frame);
  if (headerEnd > frame.length) throw illegal('the header is longer than the frame');
  const type = frame.readUInt8(4);
  const body = headerEnd === frame.length ? EMPTY_BODY : frame.subarray(headerEnd);
  if (type === 0) {
    return { command: decodeJsonHeader(frame.toString('utf8', PREFIX_BYTES, headerEnd), body), serializeType: 'JSON' };
  }
  if (type === 1) {
    return { command: decodeBinaryHeader(frame.subarray(PREFIX_BYTES, headerEnd), body), serializeType: 'ROCKETMQ' };
  }
  throw illegal(`serialize type ${type} is unknown`);
}

/**
 * @param serializeType `ROCKETMQ` carries codes up to 32767 only, so never the POP family (remoting sheet §1.4)
 * @throws CodedError `frame-too-large` past `MAX_FRAME_BYTES`, `frame-illegal` for a code that does not fit
 */
export function encodeFrame(command: RemotingCommand, serializeType: SerializeType = 'JSON'): Buffer {
  const { head, bodies } = encodeFrameParts(command, [command.body], serializeType);
  return Buffer.concat([head, ...bodies]);
}

/** The frame as its head and the untouched pieces of its body, for a gathering write without a copy. */
export function encodeFrameParts(
  command: RemotingCommand,
  bodies: readonly Buffer[],
  serializeType: SerializeType = 'JSON',
): { head: Buffer; bodies: readonly Buffer[] } {
  let bodyBytes = 0;
  for (const body of bodies) bodyBytes += body.length;
  const head = serializeType === 'JSON' ? jsonHead(command) : binaryHead(command);
  const sizeBytes = head.length + bodyBytes;
  if (sizeBytes > MAX_FRAME_BYTES)
    throw new CodedError('frame-too-large', { sizeBytes, maxSizeBytes: MAX_FRAME_BYTES });
  head.writeInt32BE(sizeBytes - 4, 0);
  const headerBytes = head.length - PREFIX_BYTES;
  if (headerBytes > MAX_HEADER_BYTES) throw illegal(`a header of ${headerBytes} bytes does not fit 24 bits`);
  head.writeUInt32BE(headerBytes, 4);
  head.writeUInt8(serializeType === 'JSON' ? 0 : 1, 4);
  return { head, bodies };
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
    while (rest.length >= PREFIX_BYTES) {
      const frameBytes = this.#frameBytes(rest);
      if (rest.length < frameBytes) {
        this.#wantedBytes = frameBytes;
        break;
      }
      frames.push(rest.subarray(0, frameBytes));
      rest = rest.subarray(frameBytes);
    }
    this.#hold(rest);
    return frames;
  }

  #resumeAfterPrefix(rest: Buffer): Buffer[] {
    const prefix = this.#takeHeld();
    this.#wantedBytes = this.#frameBytes(prefix);
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

  #frameBytes(prefix: Buffer): number {
    const frameBytes = prefix.readInt32BE(0) + 4;
    if (frameBytes > this.#maxFrameBytes) {
      throw new CodedError('frame-too-large', { sizeBytes: frameBytes, maxSizeBytes: this.#maxFrameBytes });
    }
    if (frameBytes < PREFIX_BYTES || headerBytesOf(prefix) > frameBytes - PREFIX_BYTES) {
      throw illegal('the lengths in the prefix do not fit each other');
    }
    return frameBytes;
  }
}

function headerBytesOf(prefix: Buffer): number {
  return prefix.readUInt32BE(4) & MAX_HEADER_BYTES;
}

function decodeJsonHeader(text: string, body: Buffer): RemotingCommand {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw illegal(`the JSON header cannot be read: ${errorText(error)}`);
  }
  if (typeof header !== 'object' || header === null) throw illegal('the JSON header is no object');
  const { code, language, version, opaque, flag, remark, extFields } = header as Record<string, unknown>;
  if (typeof code !== 'number' || typeof opaque !== 'number') throw illegal('the JSON header has no code or opaque');
  return {
    code,
    language: typeof language === 'string' ? language : typeof language === 'number' ? String(language) : 'OTHER',
    version: typeof version === 'number' ? version : 0,
    opaque: opaque | 0,
    flag: typeof flag === 'number' ? flag : 0,
    remark: typeof remark === 'string' ? remark : undefined,
    extFields: textFields(extFields),
    body,
  };
}

/** The C++ client writes some values as JSON numbers (remoting sheet §1.3); null means absent. */
function textFields(extFields: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  if (typeof extFields !== 'object' || extFields === null) return fields;
  for (const [name, value] of Object.entries(extFields as Record<string, unknown>)) {
    if (typeof value === 'string') fields[name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = String(value);
  }
  return fields;
}

function jsonHead({ code, extFields, flag, language, opaque, remark, version }: RemotingCommand): Buffer {
  const text = JSON.stringify({
    code,
    extFields,
    flag,
    language,
    opaque,
    remark,
    serializeTypeCurrentRPC: 'JSON',
    version,
  });
  const headerBytes = Buffer.byteLength(text);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + headerBytes);
  head.write(text, PREFIX_BYTES, headerBytes, 'utf8');
  return head;
}

/* code(2) language(1) version(2) opaque(4) flag(4) remarkLength(4) remark extLength(4) {keyLength(2) key valueLength(4) value}* */
function decodeBinaryHeader(header: Buffer, body: Buffer): RemotingCommand {
  try {
    let at = 17;
    const remarkBytes = header.readInt32BE(13);
    const remark = remarkBytes > 0 ? textAt(header, at, remarkBytes) : undefined;
    at += Math.max(remarkBytes, 0);
    const extEnd = at + 4 + Math.max(header.readInt32BE(at), 0);
    at += 4;
    if (extEnd > header.length) throw illegal('the ext fields are longer than the header');
    const extFields: Record<string, string> = {};
    while (at < extEnd) {
      const keyBytes = header.readUInt16BE(at);
      const key = textAt(header, at + 2, keyBytes);
      at += 2 + keyBytes;
      const valueBytes = header.readInt32BE(at);
      if (valueBytes > 0) extFields[key] = textAt(header, at + 4, valueBytes);
      at += 4 + Math.max(valueBytes, 0);
    }
    return {
      code: header.readInt16BE(0),
      language: languageName(header.readUInt8(2)),
      version: header.readInt16BE(3),
      opaque: header.readInt32BE(5),
      flag: header.readInt32BE(9),
      remark,
      extFields,
      body,
    };
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw illegal(`the binary header ends early: ${errorText(error)}`);
  }
}

function textAt(header: Buffer, at: number, sizeBytes: number): string {
  if (at + sizeBytes > header.length) throw illegal('a text is longer than the header');
  return header.toString('utf8', at, at + sizeBytes);
}

function binaryHead(command: RemotingCommand): Buffer {
  if (command.code > 0x7fff) throw illegal(`code ${command.code} does not fit the binary header`);
  const remark = Buffer.from(command.remark ?? '');
  const fields = Object.entries(command.extFields).map(
    ([key, value]) => [Buffer.from(key), Buffer.from(value)] as const,
  );
  const extBytes = fields.reduce((sum, [key, value]) => sum + 6 + key.length + value.length, 0);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + 17 + remark.length + 4 + extBytes);
  let at = PREFIX_BYTES;
  at = head.writeInt16BE(command.code, at);
  at = head.writeUInt8(languageCode(command.language), at);
  at = head.writeInt16BE(command.version, at);
  at = head.writeInt32BE(command.opaque, at);
  at = head.writeInt32BE(command.flag, at);
  at = head.writeInt32BE(remark.length, at);
  at += remark.copy(head, at);
  at = head.writeInt32BE(extBytes, at);
  for (const [key, value] of fields) {
    at = head.writeUInt16BE(key.length, at);
    at += key.copy(head, at);
    at = head.writeInt32BE(value.length, at);
    at += value.copy(head, at);
  }
  return head;
}

function illegal(reason: string): CodedError {
  return new CodedError('frame-illegal', { reason });
}
