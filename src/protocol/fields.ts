import { CodedError } from '../base/errors.ts';

/*
 * A header is a table: field name → kind. The type of its values is inferred from the table, so a new field is
 * one row. On the wire every value is a string inside extFields (remoting sheet, introduction).
 */

/** `int` is int32, `long` is int64 (as a number: exact up to 2^53, clamped to int64 beyond). */
export type FieldKind = 'string' | 'int' | 'long' | 'boolean';

interface Field {
  readonly kind: FieldKind;
  readonly optional: boolean;
  readonly unchecked?: boolean;
}

interface Required<K extends FieldKind> extends Field {
  readonly kind: K;
  readonly optional: false;
}

interface Optional<K extends FieldKind> extends Field {
  readonly kind: K;
  readonly optional: true;
}

export type FieldTable = Readonly<Record<string, Field>>;

interface Values {
  string: string;
  int: number;
  long: number;
  boolean: boolean;
}

type RequiredNames<T extends FieldTable> = { [N in keyof T]: T[N]['optional'] extends true ? never : N }[keyof T];
type OptionalNames<T extends FieldTable> = { [N in keyof T]: T[N]['optional'] extends true ? N : never }[keyof T];

/** The values of a header: required fields always there, optional ones perhaps undefined. */
export type FieldsOf<T extends FieldTable> = { readonly [N in RequiredNames<T>]: Values[T[N]['kind']] } & {
  readonly [N in OptionalNames<T>]?: Values[T[N]['kind']] | undefined;
};

export const string: Required<'string'> = { kind: 'string', optional: false };
export const int: Required<'int'> = { kind: 'int', optional: false };
export const long: Required<'long'> = { kind: 'long', optional: false };
export const boolean: Required<'boolean'> = { kind: 'boolean', optional: false };

export function optional<K extends FieldKind>(field: Required<K>): Optional<K> {
  return { kind: field.kind, optional: true };
}

/** As if it were missing where its number cannot be read: of headers that Apache reads without a check. */
export function unchecked<K extends FieldKind>(field: Required<K>): Optional<K> {
  return { kind: field.kind, optional: true, unchecked: true };
}

/**
 * @throws CodedError `header-illegal` with `field` when a required field is missing or a number cannot be read
 */
export function decodeFields<T extends FieldTable>(table: T, extFields: Readonly<Record<string, string>>): FieldsOf<T> {
  const values: Record<string, unknown> = {};
  for (const name in table) {
    const field = table[name];
    const text = extFields[name];
    if (field === undefined) continue;
    if (text !== undefined) values[name] = decodeValue(name, field, text);
    else if (!field.optional) throw new CodedError('header-illegal', { field: name, reason: 'missing' });
  }
  return values as FieldsOf<T>;
}

export function encodeFields<T extends FieldTable>(table: T, values: FieldsOf<T>): Record<string, string> {
  const extFields: Record<string, string> = {};
  const given = values as Readonly<Record<string, string | number | boolean | undefined>>;
  for (const name in table) {
    const value = given[name];
    if (value === undefined) continue;
    extFields[name] = table[name]?.kind === 'long' ? longText(Number(value)) : String(value);
  }
  return extFields;
}

const INT64_MAX = 9223372036854775807n;

/** Java's Long.MAX_VALUE as clients send it for "no limit"; as a number it rounds up to 2^63. */
export const LONG_MAX = Number(INT64_MAX);

/** A whole number as Java's long, which ends at 2^63. */
export function longText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  const exact = BigInt(Math.trunc(value));
  if (exact > INT64_MAX) return String(INT64_MAX);
  return String(exact < -INT64_MAX - 1n ? -INT64_MAX - 1n : exact);
}

function decodeValue(name: string, { kind, unchecked: isUnchecked }: Field, text: string): unknown {
  switch (kind) {
    case 'string':
      return text;
    case 'boolean':
      return text.toLowerCase() === 'true';
    case 'int':
    case 'long': {
      if (/^[+-]?\d+$/.test(text) && fits(kind, text)) return Number(text);
      if (isUnchecked === true) return undefined;
      throw new CodedError('header-illegal', { field: name, reason: `"${text}" is no whole number` });
    }
  }
}

/** Whether Java takes it as an int, or as a long. */
function fits(kind: 'int' | 'long', text: string): boolean {
  if (kind === 'int') return Number(text) === (Number(text) | 0);
  return text.length < LONG_DIGITS || BigInt(text) === BigInt.asIntN(64, BigInt(text));
}

/** Shorter texts fit whatever they say. */
const LONG_DIGITS = 19;
