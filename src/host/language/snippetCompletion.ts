import * as vscode from 'vscode';

import type { Disposable } from '../../base/disposable.ts';
import { SNIPPETS } from '../../snippets/catalogue.ts';
import { fillSnippet, fillWithTabStops } from '../../snippets/fill.ts';
import { SNIPPET_PATTERNS } from '../../snippets/snippet.ts';
import type { Snippet } from '../../snippets/snippet.ts';
import { snippetValues } from '../../snippets/values.ts';
import type { KnownValues } from '../../snippets/values.ts';
import { LANGUAGE_NAMES, languageOfDocument, patternDetail, patternTitle } from './snippetNames.ts';

const DOCUMENTS = ['java', 'go', 'python', 'typescript', 'typescriptreact'];

/** Offers the snippets by their prefix, `rmq-…`, filled like the command fills them. */
export function registerSnippetCompletion(known: () => KnownValues): Disposable {
  return vscode.languages.registerCompletionItemProvider(
    DOCUMENTS,
    { provideCompletionItems: (document, position) => completions(document, position, known()) },
    // The hyphen ends a word in these languages, and with it the list.
    '-',
  );
}

function completions(
  document: vscode.TextDocument,
  position: vscode.Position,
  known: KnownValues,
): vscode.CompletionItem[] {
  const language = languageOfDocument(document.languageId);
  const before = document.lineAt(position.line).text.slice(0, position.character);
  const typed = /[\w-]*$/.exec(before)?.[0] ?? '';
  if (language === undefined || !'rmq-'.startsWith(typed.slice(0, 4))) return [];
  const range = new vscode.Range(position.translate(0, -typed.length), position);
  return SNIPPET_PATTERNS.map((pattern) =>
    completion(SNIPPETS[language][pattern], { ...known, fileName: document.fileName }, range),
  );
}

function completion(snippet: Snippet, known: KnownValues, range: vscode.Range): vscode.CompletionItem {
  const values = snippetValues(snippet, snippet.pattern === 'producer' ? { ...known, group: undefined } : known);
  const item = new vscode.CompletionItem(
    { label: snippet.prefix, description: vscode.l10n.t('RocketMQ {0}', patternTitle(snippet.pattern)) },
    vscode.CompletionItemKind.Snippet,
  );
  item.range = range;
  item.filterText = snippet.prefix;
  item.detail = `${LANGUAGE_NAMES[snippet.language]}: ${snippet.dependency}`;
  item.documentation = new vscode.MarkdownString(`${patternDetail(snippet.pattern)}\n\n`).appendCodeblock(
    fillSnippet(snippet, values),
    snippet.language,
  );
  item.insertText = new vscode.SnippetString(fillWithTabStops(snippet, values));
  return item;
}
