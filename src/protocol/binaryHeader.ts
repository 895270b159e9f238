import { CodedError } from '../base/errors.ts';
import { readInt16, readInt32, readUInt16 } from './bigEndian.ts';
import type { RemotingCommand } from './command.ts';
import { repeatedText } from './headerText.ts';
import { languageCode, languageName } from './language.ts';

/*
 * code(2) language(1) version(2) opaque(4) flag(4) remarkLength(4) remark
 * extLength(4) {keyLength(2) key valueLength(4) value}*
 * Source: RocketMQSerializable.java; remoting sheet §1.4.
 */

const REMARK_AT = 17;
const FIXED_BYTES = REMARK_AT + 4;

/** A command with a binary header. Its ext fields stay bytes until somebody asks for them. */
export class BinaryCommand implements RemotingCommand {
  readonly code: number;
  readonly language: string;
  readonly version: number;
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly body: Buffer;
  /** The ext fields lie in `frame` from `extAt` to `extEnd`, each within its bounds. */
  readonly frame: Buffer;
  readonly extAt: number;
  readonly extEnd: number;
  #extFields: Readonly<Record<string, string>> | undefined;

  /** @throws CodedError `frame-illegal` when the header, from `at` to `end` of the frame, cannot be read */
  constructor(frame: Buffer, at: number, end: number, body: Buffer) {
    if (at + FIXED_BYTES > end) throw illegal('the binary header ends early');
    const remarkBytes = Math.max(readInt32(frame, at + 13), 0);
    const remarkEnd = at + REMARK_AT + remarkBytes;
    if (remarkEnd + 4 > end) throw illegal('a text is longer than the header');
    this.code = readInt16(frame, at);
    this.language = languageName(frame[at + 2] ?? 0);
    this.version = readInt16(frame, at + 3);
    this.opaque = readInt32(frame, at + 5);
    this.flag = readInt32(frame, at + 9);
    this.remark = remarkBytes > 0 ? frame.toString('utf8', at + REMARK_AT, remarkEnd) : undefined;
    this.body = body;
    this.frame = frame;
    this.extAt = remarkEnd + 4;
    this.extEnd = this.extAt + Math.max(readInt32(frame, remarkEnd), 0);
    if (this.extEnd > end) throw illegal('the ext fields are longer than the header');
    checkBounds(frame, this.extAt, this.extEnd);
  }

  get extFields(): Readonly<Record<string, string>> {
    return (this.#extFields ??= extFieldsOf(this));
  }
}

/** A field without a value is absent. */
function extFieldsOf({ frame, extAt, extEnd }: BinaryCommand): Record<string, string> {
  const extFields: Record<string, string> = {};
  for (let at = extAt; at < extEnd;) {
    const nameBytes = readUInt16(frame, at);
    const valueAt = at + 6 + nameBytes;
    const valueBytes = readInt32(frame, valueAt - 4);
    if (valueBytes > 0) {
      extFields[repeatedText(frame, at + 2, nameBytes)] = frame.toString('utf8', valueAt, valueAt + valueBytes);
    }
    at = valueAt + Math.max(valueBytes, 0);
  }
  return extFields;
}

function checkBounds(frame: Buffer, extAt: number, extEnd: number): void {
  let at = extAt;
  while (at < extEnd) {
    if (at + 6 > extEnd) throw illegal('the binary header ends early');
    const valueAt = at + 6 + readUInt16(frame, at);
    if (valueAt > extEnd) throw illegal('a text is longer than the header');
    at = valueAt + Math.max(readInt32(frame, valueAt - 4), 0);
  }
  if (at > extEnd) throw illegal('a text is longer than the header');
}

/**
 * @param room bytes left free in front
 * @throws CodedError `frame-illegal` for a code past 32767: never the POP family (remoting sheet §1.4)
 */
export function encodeBinaryHeader(command: RemotingCommand, room: number): Buffer {
  if (command.code > 0x7fff) throw illegal(`code ${command.code} does not fit the binary header`);
  const remark = Buffer.from(command.remark ?? '');
  const fields = Object.entries(command.extFields).map(
    ([key, value]) => [Buffer.from(key), Buffer.from(value)] as const,
  );
  const extBytes = fields.reduce((sum, [key, value]) => sum + 6 + key.length + value.length, 0);
  const head = Buffer.allocUnsafe(room + FIXED_BYTES + remark.length + extBytes);
  let at = head.writeInt16BE(command.code, room);
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
