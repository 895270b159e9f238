import { parse, stringify } from 'yaml';

/** Accounts are written in YAML 1.1, seeds in 1.2; a key of many digits must stay as it is. */
export function parseYaml(text: string, version: '1.1' | '1.2'): unknown {
  return parse(text, { version, intAsBigInt: true });
}

export function stringifyYaml(value: unknown): string {
  return stringify(value);
}
