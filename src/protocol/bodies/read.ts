import { CodedError } from '../../base/errors.ts';
import { parseFastjson } from '../fastjson.ts';
import type { FastjsonKey, FastjsonMap, FastjsonObject, FastjsonValue } from '../fastjson.ts';

/*
 * Reading of JSON bodies: absent and null mean the default, numbers may come as text (C++), keys may be numbers.
 */

/** @throws CodedError `json-illegal` when the body is no JSON object */
export function readBody(body: Buffer): FastjsonObject {
  const value = parseFastjson(body.toString('utf8'));
  if (!isObject(value)) throw new CodedError('json-illegal', { position: 0, reason: 'the body is no object' });
  return value;
}

export function isObject(value: FastjsonValue | undefined): value is FastjsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

export function objectAt(object: FastjsonObject, name: string): FastjsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** A map keyed by objects, as fastjson writes `Map<MessageQueue, …>`; empty when absent or an empty object. */
export function mapAt(object: FastjsonObject, name: string): FastjsonMap {
  const value = object[name];
  return value instanceof Map ? value : new Map<FastjsonKey, FastjsonValue>();
}

export function textAt(object: FastjsonObject, name: string, otherwise = ''): string {
  const value = object[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : otherwise;
}

export function numberAt(object: FastjsonObject, name: string, otherwise = 0): number {
  const value = object[name];
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || value.trim() === '') return otherwise;
  const number = Number(value);
  return Number.isNaN(number) ? otherwise : number;
}

export function booleanAt(object: FastjsonObject, name: string, otherwise = false): boolean {
  const value = object[name];
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? value === 'true' : otherwise;
}

export function listAt(object: FastjsonObject, name: string): readonly FastjsonValue[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}

export function objectsAt(object: FastjsonObject, name: string): readonly FastjsonObject[] {
  return listAt(object, name).filter(isObject);
}

export function textsAt(object: FastjsonObject, name: string): readonly string[] {
  return listAt(object, name).filter((item) => typeof item === 'string');
}

/** A table of numbers by name. */
export function numbersAt(object: FastjsonObject, name: string): Map<string, number> {
  const table = objectAt(object, name);
  return new Map(Object.keys(table).map((key) => [key, numberAt(table, key)]));
}

/** `{0:"a",1:"b"}` with number keys, quoted or bare. */
export function textsByNumberAt(object: FastjsonObject, name: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const [key, value] of Object.entries(objectAt(object, name))) {
    const number = Number(key);
    if (Number.isInteger(number) && typeof value === 'string') found.set(number, value);
  }
  return found;
}

/** An enum by name; C++ sends its ordinal. */
export function enumAt<const N extends readonly string[]>(object: FastjsonObject, name: string, names: N): N[number] {
  const value = object[name];
  const first = names[0] ?? '';
  if (typeof value === 'number') return names[value] ?? first;
  return typeof value === 'string' && names.includes(value) ? value : first;
}
