import * as vscode from 'vscode';

import { SNIPPET_LANGUAGES } from '../../snippets/snippet.ts';
import type { SnippetLanguage, SnippetPattern } from '../../snippets/snippet.ts';

/** Names of their own, the same in every language. */
export const LANGUAGE_NAMES: Readonly<Record<SnippetLanguage, string>> = {
  java: 'Java',
  go: 'Go',
  python: 'Python',
  typescript: 'TypeScript',
};

/** The snippet language of a document, by VS Code's language id. */
export function languageOfDocument(languageId: string): SnippetLanguage | undefined {
  if (languageId === 'typescriptreact') return 'typescript';
  return SNIPPET_LANGUAGES.find((language) => language === languageId);
}

export function patternTitle(pattern: SnippetPattern): string {
  switch (pattern) {
    case 'producer':
      return vscode.l10n.t('Producer');
    case 'pushConsumer':
      return vscode.l10n.t('Push consumer');
  }
}

export function patternDetail(pattern: SnippetPattern): string {
  switch (pattern) {
    case 'producer':
      return vscode.l10n.t('Sends messages one by one and waits for each answer');
    case 'pushConsumer':
      return vscode.l10n.t('Joins a consumer group and handles messages as they come');
  }
}
