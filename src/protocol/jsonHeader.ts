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
  let end = putMarkup('{"code":', target, at);
  end = putNumber(code, target, end);
  end = putMarkup(',"extFields":{', target, end);
  let separator = '"';
  for (const name in extFields) {
    end = putMarkup(separator, target, end);
    end = putText(name, target, end);
    end = putMarkup('":"', target, end);
    end = putText(extFields[name] ?? '', target, end);
    separator = '","';
  }
  end = putMarkup(separator === '"' ? '},"flag":' : '"},"flag":', target, end);
  end = putNumber(flag, target, end);
  end = putMarkup(',"language":"', target, end);
  end = putText(language, target, end);
  end = putMarkup('","opaque":', target, end);
  end = putNumber(opaque, target, end);
  if (remark !== undefined) {
    end = putMarkup(',"remark":"', target, end);
    end = putText(remark, target, end);
    end = putMarkup('"', target, end);
  }
  end = putMarkup(',"serializeTypeCurrentRPC":"JSON","version":', target, end);
  end = putNumber(version, target, end);
  return putMarkup('}', target, end);
}

/* Each returns the position behind what it wrote; -1 when it does not fit or is not plain, or `at` is -1 already. */

function putMarkup(text: string, target: Buffer, at: number): number {
  const { length } = text;
  if (at < 0 || at + length > target.length) return -1;
  for (let index = 0; index < length; index += 1) target[at + index] = text.charCodeAt(index);
  return at + length;
}

/** Most numbers here have a few digits: no text is made of them. */
function putNumber(value: number, target: Buffer, at: number): number {
  if (value < 0 || value > 0x7fffffff || !Number.isInteger(value)) return putMarkup(String(value), target, at);
  let end = at + 1;
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) end += 1;
  if (at < 0 || end > target.length) return -1;
  let rest = value;
  for (let place = end - 1; place >= at; place -= 1) {
    const next = (rest / 10) | 0;
    target[place] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

/** By unit: 1 where JSON has it as it is. */
const PLAIN = Uint8Array.from({ length: 0x7f }, (_, unit) => (unit < 0x20 || unit === 0x22 || unit === 0x5c ? 0 : 1));

function putText(text: string, target: Buffer, at: number): number {
  const { length } = text;
  if (at < 0 || at + length > target.length) return -1;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (PLAIN[unit] !== 1) return unit > 0x7e ? -1 : putEscaped(text, index, target, at + index);
    target[at + index] = unit;
  }
  return at + length;
}

/** What JSON.stringify writes for control characters. */
const ESCAPES = Array.from({ length: 0x20 }, (_, unit) => JSON.stringify(String.fromCharCode(unit)).slice(1, -1));

/** As `putText` for the text from `from` on: property strings have control characters between all their parts. */
function putEscaped(text: string, from: number, target: Buffer, at: number): number {
  let end = at;
  for (let index = from; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) return -1;
    if (PLAIN[unit] !== 1) {
      end = putMarkup(ESCAPES[unit] ?? `\\${String.fromCharCode(unit)}`, target, end);
      if (end < 0) return -1;
    } else if (end === target.length) return -1;
    else target[end++] = unit;
  }
  return end;
}

function illegal(reason: string): CodedError {
  return new CodedError('frame-illegal', { reason });
}
