import { CodedError } from './errors.ts';

/**
 * Reads Java properties as `broker.conf` uses them: `key=value` or `key: value`, `#` and `!` comments, a
 * trailing backslash joins lines, backslash escapes. Later keys win. Source: java.util.Properties.load.
 */
export function parseProperties(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const match = /^((?:\\.|[^\\=:\s])*)\s*[=:\s]\s*(.*)$/s.exec(line);
    const key = unescape(match?.[1] ?? line);
    if (key === '') throw new CodedError('config-invalid', { key: '', value: line, reason: 'the key is empty' });
    found.set(key, unescape(match?.[2] ?? ''));
  }
  return found;
}

export function formatProperties(entries: Iterable<readonly [string, string]>): string {
  return [...entries].map(([key, value]) => `${escape(key, true)}=${escape(value, false)}\n`).join('');
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let pending: string | undefined;
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (pending === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const joined: string = (pending ?? '') + line;
    const backslashes = /\\*$/.exec(joined)?.[0].length ?? 0;
    if (backslashes % 2 === 1) {
      pending = joined.slice(0, -1);
    } else {
      lines.push(joined);
      pending = undefined;
    }
  }
  if (pending !== undefined) lines.push(pending);
  return lines;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex: string | undefined, char: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return ESCAPES[char ?? ''] ?? char ?? '';
  });
}

function escape(text: string, isKey: boolean): string {
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/\f/g, '\\f');
  if (isKey) return escaped.replace(/[=:\s#!]/g, (char) => `\\${char}`);
  return escaped.replace(/^ /, '\\ ');
}
