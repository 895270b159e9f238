import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { fillSnippet } from '../../../src/snippets/fill.ts';
import type { SnippetLanguage, SnippetPattern } from '../../../src/snippets/snippet.ts';
import { snippetValues } from '../../../src/snippets/values.ts';

/** Names that would break a literal, a line, a format or a template that is filled without care. */
const NASTY_NAME = 'a"b\'c\\d$1${2:e}}f{{group}}%s\n\r\t\0#\\u0022`+/**/\u2028\u202e\u{e0001}é订😀';

export interface Names {
  readonly topic: string;
  readonly group: string;
}

export const NAME_CASES: readonly (Names & { readonly title: string })[] = [
  { title: 'a plain topic', topic: 'OrderTopic', group: 'order_group' },
  { title: 'a nasty topic', topic: NASTY_NAME, group: NASTY_NAME },
];

/** Writes a snippet, filled, to `file`, making its folder. */
export function writeSnippet(language: SnippetLanguage, pattern: SnippetPattern, names: Names, file: string): void {
  const snippet = SNIPPETS[language][pattern];
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, fillSnippet(snippet, snippetValues(snippet, { ...names, fileName: file })));
}
