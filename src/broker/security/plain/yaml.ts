import { parse, stringify } from 'yaml';

/** Accounts are written in YAML 1.1, and a key of many digits must stay as it is. */
export function parseYaml(text: string): unknown {
  return parse(text, { version: '1.1', intAsBigInt: true });
}

export function stringifyYaml(value: unknown): string {
  return stringify(value);
}
