import type { SnippetLanguage } from './snippet.ts';

/**
 * The inside of a double-quoted string literal that means `text`. Control, format and line separator characters are
 * escaped too, so that a value can neither end its line nor show other than it is. A lone surrogate, which no source
 * file can hold, becomes U+FFFD.
 */
export function quoteInside(text: string, language: SnippetLanguage): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/["\\]/g, '\\$&')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => escapeCharacter(character, language));
}

function escapeCharacter(character: string, language: SnippetLanguage): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  switch (language) {
    case 'java':
      // A \uXXXX escape of Java is replaced before the literal is read (JLS 3.3): no good below U+0080. A charAt loop
      // makes the two halves of a code point above U+FFFF.
      return code < 0x80 ? `\\${code.toString(8).padStart(3, '0')}` : escapeHalves(character);
    case 'go':
    case 'python':
      return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
    case 'typescript':
      return code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`;
  }
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escapeHalves(character: string): string {
  return Array.from({ length: character.length }, (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`).join('');
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
