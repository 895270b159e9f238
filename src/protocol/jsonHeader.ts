import { CodedError, errorText } from '../base/errors.ts';
import type { RemotingCommand } from './command.ts';

/** @throws CodedError `frame-illegal` when it is no JSON object with a code and an opaque */
export function decodeJsonHeader(text: string, body: Buffer): RemotingCommand {
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
function textFields(extFields: unknown): Readonly<Record<string, string>> {
  if (typeof extFields !== 'object' || extFields === null) return {};
  if (hasOnlyTexts(extFields)) return extFields;
  const fields: Record<string, string> = {};
  const given = extFields as Readonly<Record<string, unknown>>;
  for (const name in given) {
    const value = given[name];
    if (typeof value === 'string') fields[name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = String(value);
  }
  return fields;
}

function hasOnlyTexts(value: object): value is Readonly<Record<string, string>> {
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) if (typeof fields[name] !== 'string') return false;
  return !Array.isArray(value);
}

export function jsonHeaderText({ code, extFields, flag, language, opaque, remark, version }: RemotingCommand): string {
  return JSON.stringify({
    code,
    extFields,
    flag,
    language,
    opaque,
    remark,
    serializeTypeCurrentRPC: 'JSON',
    version,
  });
}

/**
 * Writes the same text at `at` of `target` where it holds nothing but ASCII and fits, as nearly every command does: a
 * third of the time of JSON.stringify and a copy.
 * @returns the position behind it, or -1 when it must be written the general way
 */
export function writePlainJsonHeader(command: RemotingCommand, target: Buffer, at: number): number {
  const { code, extFields, flag, language, opaque, remark, version } = command;
  let end = putPlain(`{"code":${code},"extFields":{`, target, at, true);
  let separator = '"';
  for (const name in extFields) {
    end = putPlain(separator, target, end, true);
    end = putPlain(name, target, end, false);
    end = putPlain('":"', target, end, true);
    end = putPlain(extFields[name] ?? '', target, end, false);
    separator = '","';
  }
  if (separator !== '"') end = putPlain('"', target, end, true);
  end = putPlain(`},"flag":${flag},"language":"`, target, end, true);
  end = putPlain(language, target, end, false);
  end = putPlain(`","opaque":${opaque}`, target, end, true);
  if (remark !== undefined) {
    end = putPlain(',"remark":"', target, end, true);
    end = putPlain(remark, target, end, false);
    end = putPlain('"', target, end, true);
  }
  return putPlain(`,"serializeTypeCurrentRPC":"JSON","version":${version}}`, target, end, true);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What JSON.stringify writes for control characters. */
const ESCAPES = Array.from({ length: 0x20 }, (_, unit) => JSON.stringify(String.fromCharCode(unit)).slice(1, -1));

/** @returns the position behind the text; -1 when it does not fit, is no ASCII, or `at` is -1 already */
function putPlain(text: string, target: Buffer, at: number, isMarkup: boolean): number {
  const { length } = text;
  if (at < 0 || at + length > target.length) return -1;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) return -1;
    if (!isMarkup && isEscaped(unit)) return putEscaped(text, index, target, at + index);
    target[at + index] = unit;
  }
  return at + length;
}

/** As `putPlain` for the text from `from` on: property strings have control characters between all their parts. */
function putEscaped(text: string, from: number, target: Buffer, at: number): number {
  let end = at;
  for (let index = from; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) return -1;
    if (isEscaped(unit)) {
      end = putPlain(ESCAPES[unit] ?? `\\${String.fromCharCode(unit)}`, target, end, true);
      if (end < 0) return -1;
    } else if (end === target.length) return -1;
    else target[end++] = unit;
  }
  return end;
}

function isEscaped(unit: number): boolean {
  return unit < 0x20 || unit === QUOTE || unit === BACKSLASH;
}

function illegal(reason: string): CodedError {
  return new CodedError('frame-illegal', { reason });
}
