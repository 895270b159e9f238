import { CodedError, errorText } from '../base/errors.ts';
import type { RemotingCommand } from './command.ts';
import { HeadPatterns } from './headPatterns.ts';
import { putMarkup, putNumber, putText } from './plainText.ts';

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
  const known = headPatterns.write(command, target, at);
  if (known >= 0) return known;
  const end = writeParts(command, target, at);
  if (end >= 0) headPatterns.note(command, target, at, end);
  return end;
}

const headPatterns = new HeadPatterns();

function writeParts(command: RemotingCommand, target: Buffer, at: number): number {
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

function illegal(reason: string): CodedError {
  return new CodedError('frame-illegal', { reason });
}
