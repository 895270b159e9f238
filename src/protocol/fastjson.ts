import { CodedError } from '../base/errors.ts';
import { longText } from './fields.ts';

/*
 * The JSON that fastjson 1.2 writes and reads: unquoted number keys, objects as keys, int64 numbers, `$ref`
 * markers, single quotes and unquoted identifiers. Source: remoting sheet §3.12 and the golden frames.
 */

export type FastjsonKey = string | number | bigint | FastjsonObject;
export type FastjsonValue = null | boolean | number | bigint | string | FastjsonValue[] | FastjsonObject | FastjsonMap;
export interface FastjsonObject {
  [name: string]: FastjsonValue;
}
/** What an object becomes when one of its keys is itself an object; written back with keys as they are. */
export type FastjsonMap = Map<FastjsonKey, FastjsonValue>;

const MAX_DEPTH = 200;
/** Texts of this size are worth a look whether they are plain JSON, which is read twenty times as fast. */
const LARGE_CHARS = 2048;

/**
 * Reads leniently. Number keys become their text; an object with object keys becomes a Map; whole numbers past
 * 2^53 become bigint. `{"$ref":"…"}` is replaced by what it points at.
 * @throws CodedError `json-illegal` with the position in characters
 */
export function parseFastjson(text: string): FastjsonValue {
  const plain = text.length < LARGE_CHARS ? undefined : parsePlain(text);
  if (plain !== undefined) return plain;
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return reader.sawReference ? resolveReferences(value, value, [], new Map()) : value;
}

/** Undefined where the reader has to decide: for what is no JSON, long numbers, references and deep nests. */
function parsePlain(text: string): FastjsonValue | undefined {
  if (/\d{16}|"\$ref"/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as FastjsonValue;
    return isDeeper(value, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: FastjsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels < 0) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value as FastjsonObject)) {
    if (isDeeper(item, levels - 1)) return true;
  }
  return false;
}

/** What is written already, to be taken as it is. */
export class FastjsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes as fastjson does: a Map's numbers are bare keys and its objects are keys as they stand. */
export function stringifyFastjson(value: unknown): string {
  if (value instanceof Map) {
    const pairs = [...(value as Map<unknown, unknown>)].map(
      ([key, item]) => `${keyText(key)}:${stringifyFastjson(item)}`,
    );
    return `{${pairs.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => stringifyFastjson(item ?? null)).join(',')}]`;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof FastjsonText) return value.text;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value)
      .filter(([, item]) => item !== undefined && item !== null)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => `${JSON.stringify(key)}:${stringifyFastjson(item)}`);
    return `{${pairs.join(',')}}`;
  }
  return Number.isInteger(value) ? longText(Number(value)) : JSON.stringify(value);
}

function keyName(key: FastjsonKey): string {
  return typeof key === 'object' ? stringifyFastjson(key) : String(key);
}

function keyText(key: unknown): string {
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  return typeof key === 'string' ? JSON.stringify(key) : stringifyFastjson(key);
}

class Reader {
  sawReference = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): FastjsonValue {
    if (depth > MAX_DEPTH) throw this.#illegal(`nested deeper than ${MAX_DEPTH}`);
    this.#space();
    const char = this.#text[this.#at];
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    if (char === '"' || char === "'") return this.#string();
    return this.#word();
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#illegal('text after the value');
  }

  #object(depth: number): FastjsonValue {
    const pairs: [FastjsonKey, FastjsonValue][] = [];
    let hasObjectKey = false;
    this.#at += 1;
    while (!this.#closes('}')) {
      const key = this.#key(depth);
      hasObjectKey ||= typeof key === 'object';
      this.#space();
      if (this.#text[this.#at] !== ':') throw this.#illegal('expected ":"');
      this.#at += 1;
      pairs.push([key, this.value(depth + 1)]);
    }
    if (hasObjectKey) return new Map(pairs);
    const object: FastjsonObject = {};
    for (const [key, item] of pairs) {
      Object.defineProperty(object, keyName(key), {
        value: item,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    if (pairs.length === 1 && typeof object['$ref'] === 'string') this.sawReference = true;
    return object;
  }

  #key(depth: number): FastjsonKey {
    this.#space();
    const char = this.#text[this.#at];
    if (char === '"' || char === "'") return this.#string();
    if (char === '{') {
      const key = this.#object(depth + 1);
      if (key instanceof Map || key === null || typeof key !== 'object' || Array.isArray(key)) {
        throw this.#illegal('a key cannot be keyed by objects');
      }
      return key;
    }
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s:,{}[\]"']/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    if (this.#at === start) throw this.#illegal('expected a key');
    return this.#text.slice(start, this.#at);
  }

  #array(depth: number): FastjsonValue[] {
    const items: FastjsonValue[] = [];
    this.#at += 1;
    while (!this.#closes(']')) items.push(this.value(depth + 1));
    return items;
  }

  /** Passes separators; fastjson takes a doubled or trailing comma. */
  #closes(bracket: '}' | ']'): boolean {
    for (;;) {
      this.#space();
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#illegal(`expected "${bracket}"`);
      if (char === ',') {
        this.#at += 1;
        continue;
      }
      if (char !== bracket) return false;
      this.#at += 1;
      return true;
    }
  }

  #string(): string {
    const quote = this.#text[this.#at];
    let from = (this.#at += 1);
    let value = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#illegal('a string does not end');
      if (char === quote) {
        value += this.#text.slice(from, this.#at);
        this.#at += 1;
        return value;
      }
      this.#at += 1;
      if (char === '\\') {
        value += this.#text.slice(from, this.#at - 1) + this.#escaped();
        from = this.#at;
      }
    }
  }

  #escaped(): string {
    const char = this.#text[this.#at];
    this.#at += 1;
    if (char === 'u' || char === 'x') {
      const digits = this.#text.slice(this.#at, this.#at + (char === 'u' ? 4 : 2));
      if (!/^(?:[0-9a-fA-F]{2}){1,2}$/.test(digits)) throw this.#illegal('an escape is cut short');
      this.#at += digits.length;
      return String.fromCharCode(parseInt(digits, 16));
    }
    if (char === undefined) throw this.#illegal('a string does not end');
    return ESCAPES[char] ?? char;
  }

  #word(): FastjsonValue {
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s,:{}[\]"']/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    const word = this.#text.slice(start, this.#at);
    if (word === 'null') return null;
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'NaN') return NaN;
    if (/^[+-]?\d+[LSB]?$/.test(word)) {
      const digits = word.replace(/[LSB]$/, '');
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value : BigInt(digits);
    }
    if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[DF]?$/.test(word)) return Number(word.replace(/[DF]$/, ''));
    this.#at = start;
    throw this.#illegal(word === '' ? 'expected a value' : `"${word}" is no value`);
  }

  #space(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #illegal(reason: string): CodedError {
    return new CodedError('json-illegal', { position: this.#at, reason });
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', b: '\b', v: '\v', '0': '\0' };

/** `$` is the root, `@` the value itself, `..` the parent, `$.a.b[0]` a path. An unknown target stays as written. */
function resolveReferences(
  value: FastjsonValue,
  root: FastjsonValue,
  parents: readonly FastjsonValue[],
  done: Map<object, FastjsonValue>,
): FastjsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (done.has(value)) return value;
  const target = referenceOf(value);
  if (target !== undefined) return followReference(target, value, root, parents);
  done.set(value, value);
  const path = [...parents, value];
  if (Array.isArray(value)) {
    value.forEach((item, index) => (value[index] = resolveReferences(item, root, path, done)));
  } else if (value instanceof Map) {
    for (const [key, item] of value) value.set(key, resolveReferences(item, root, path, done));
  } else {
    for (const [name, item] of Object.entries(value)) value[name] = resolveReferences(item, root, path, done);
  }
  return value;
}

function referenceOf(value: object): string | undefined {
  if (Array.isArray(value) || value instanceof Map) return undefined;
  const reference = (value as FastjsonObject)['$ref'];
  return typeof reference === 'string' && Object.keys(value).length === 1 ? reference : undefined;
}

function followReference(
  target: string,
  marker: FastjsonValue,
  root: FastjsonValue,
  parents: readonly FastjsonValue[],
): FastjsonValue {
  if (target === '$') return root;
  if (target === '@') return parents.at(-1) ?? marker;
  if (/^\.\.(?:\/\.\.)*$/.test(target)) return parents.at(-1 - target.split('/').length) ?? marker;
  let found: FastjsonValue | undefined = root;
  for (const [, name, index] of target.slice(1).matchAll(/\.([^.[\]]+)|\[([^\]]+)\]/g)) {
    const step = name ?? index?.replace(/^["']|["']$/g, '') ?? '';
    if (Array.isArray(found)) found = found[Number(step)];
    else if (typeof found === 'object' && found !== null && !(found instanceof Map)) found = found[step];
    else return marker;
  }
  return found ?? marker;
}
