export const SNIPPET_LANGUAGES = ['java', 'go', 'python', 'typescript'] as const;
export type SnippetLanguage = (typeof SNIPPET_LANGUAGES)[number];

export const SNIPPET_PATTERNS = ['producer', 'pushConsumer'] as const;
export type SnippetPattern = (typeof SNIPPET_PATTERNS)[number];

/** What a template may ask for, written `{{slot}}`. */
export const SNIPPET_SLOTS = ['className', 'nameServers', 'grpcEndpoint', 'topic', 'group', 'tag'] as const;
export type SnippetSlot = (typeof SNIPPET_SLOTS)[number];

export interface Snippet {
  readonly language: SnippetLanguage;
  readonly pattern: SnippetPattern;
  /** What a person types to get it by completion. */
  readonly prefix: string;
  /** The client library, as the language's package tool spells it, with the version the code is compiled against. */
  readonly dependency: string;
  /**
   * A complete file. Slots stand inside double-quoted string literals, except `{{className}}`, an identifier.
   * `{{dependency}}` is the field above; `{{cursor}}` is where the user's own code goes.
   */
  readonly template: string;
}
