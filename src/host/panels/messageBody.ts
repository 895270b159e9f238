import { isUtf8 } from 'node:buffer';

import { layOutJson } from './jsonLayout.ts';

export type BodyFormat = 'json' | 'text' | 'hex';

export interface ReadableBody {
  readonly format: BodyFormat;
  readonly text: string;
  /** How many bytes of the body stand in `text`. */
  readonly shownBytes: number;
}

const HEX_LINE_BYTES = 16;
/** A byte takes five characters of a hex view, so of those a quarter is shown. */
const HEX_SHARE = 4;
const PREVIEW_BYTES = 400;

/** The body as people read it, and the beginning of one that is longer than `maxBytes`. */
export function readBody(body: Buffer, maxBytes = Infinity): ReadableBody {
  if (!isText(body)) {
    const shown = body.subarray(0, Math.max(HEX_LINE_BYTES, Math.floor(maxBytes / HEX_SHARE)));
    return { format: 'hex', text: hexView(shown), shownBytes: shown.length };
  }
  if (body.length > maxBytes) {
    const shown = body.subarray(0, characterEnd(body, maxBytes));
    return { format: 'text', text: shown.toString('utf8'), shownBytes: shown.length };
  }
  const text = body.toString('utf8');
  const json = /^\s*[[{]/.test(text) ? layOutJson(text) : undefined;
  return { format: json === undefined ? 'text' : 'json', text: json ?? text, shownBytes: body.length };
}

/** The first characters on one line, or undefined when the body is no text. */
export function previewText(body: Buffer): string | undefined {
  const head = body.subarray(0, characterEnd(body, PREVIEW_BYTES));
  return isText(head) ? head.toString('utf8').replace(/\s+/g, ' ').trim() : undefined;
}

/** The first bytes in hex, for a preview of what is no text. */
export function previewHex(body: Buffer): string {
  return body.subarray(0, HEX_LINE_BYTES).toString('hex').match(/../g)?.join(' ') ?? '';
}

/** UTF-8 without control characters other than tab, line ends, form feed and escape. */
function isText(body: Buffer): boolean {
  return isUtf8(body) && !body.some((byte) => byte < 0x20 && byte !== 0x1b && (byte < 0x09 || byte > 0x0d));
}

/** The largest end up to `maxBytes` that cuts no character of UTF-8: continuation bytes begin with the bits 10. */
function characterEnd(body: Buffer, maxBytes: number): number {
  if (body.length <= maxBytes) return body.length;
  let end = maxBytes;
  while (end > 0 && maxBytes - end < 3 && ((body[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}

/** `00000010  48 65 6c 6c 6f …  Hello…` */
function hexView(body: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < body.length; at += HEX_LINE_BYTES) {
    const bytes = body.subarray(at, at + HEX_LINE_BYTES);
    const hex = previewHex(bytes).padEnd(HEX_LINE_BYTES * 3 - 1);
    const ascii = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex}  ${ascii}`);
  }
  return lines.join('\n');
}
