import { quoteInside } from './quote.ts';
import { SNIPPET_SLOTS } from './snippet.ts';
import type { Snippet, SnippetSlot } from './snippet.ts';
import type { SnippetValues } from './values.ts';

/** The code, ready to be saved and run. */
export function fillSnippet(snippet: Snippet, values: SnippetValues): string {
  return fill(snippet, values, { text: (text) => text, slot: (_, literal) => literal, cursor: '' });
}

/**
 * The same code in the snippet syntax of VS Code: every slot is a tab stop in order of appearance, a slot that comes
 * twice is one tab stop, and the last stop is where the user's own code goes.
 */
export function fillWithTabStops(snippet: Snippet, values: SnippetValues): string {
  const order = snippetSlots(snippet);
  return fill(snippet, values, {
    text: escapeSnippetText,
    slot: (slot, literal) => `\${${order.indexOf(slot) + 1}:${escapeSnippetText(literal)}}`,
    cursor: '$0',
  });
}

/** The slots a snippet has, in order of appearance. */
export function snippetSlots(snippet: Snippet): SnippetSlot[] {
  const names = [...snippet.template.matchAll(PLACEHOLDER)].map((match) => match[1]);
  return [...new Set(names)].filter(isSlot);
}

interface Form {
  readonly text: (text: string) => string;
  readonly slot: (slot: SnippetSlot, literal: string) => string;
  readonly cursor: string;
}

function fill(snippet: Snippet, values: SnippetValues, form: Form): string {
  // The pieces at odd places are the names between the braces.
  const pieces = snippet.template.split(PLACEHOLDER);
  return pieces
    .map((piece, i) => {
      if (i % 2 === 0) return form.text(piece);
      if (piece === 'dependency') return form.text(snippet.dependency);
      if (piece === 'cursor') return form.cursor;
      if (!isSlot(piece)) throw new Error(`the ${snippet.language} ${snippet.pattern} has an unknown slot ${piece}`);
      return form.slot(piece, quoteInside(values[piece], snippet.language));
    })
    .join('');
}

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

function isSlot(name: string | undefined): name is SnippetSlot {
  return SNIPPET_SLOTS.some((slot) => slot === name);
}

function escapeSnippetText(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
