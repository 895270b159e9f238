import { CodedError } from '../../base/errors.ts';

/* Words of SQL92 filters. Source: SelectorParser.jj, tokens; broker sheet §7.2. */

const KEYWORDS = [
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'IN',
  'TRUE',
  'FALSE',
  'NULL',
  'IS',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
] as const;

type Keyword = (typeof KEYWORDS)[number];
type Sign = '=' | '<>' | '>' | '>=' | '<' | '<=' | '(' | ')' | ',' | '+' | '-';

export interface SqlToken {
  readonly kind: Keyword | Sign | 'name' | 'whole' | 'float' | 'text' | 'end';
  /** As written. */
  readonly image: string;
}

const keywords: ReadonlySet<string> = new Set(KEYWORDS);

/** Blanks and comments; a line comment ends with its line, otherwise it is two minus signs. */
const SKIPPED = /(?:[ \t\n\r\f]|--[^\n\r]*(?:\r\n|\n|\r)|\/\*[^*]*\*(?:\*|[^*/][^*]*\*)*\/)+/y;
const TOKEN =
  /(\d+\.\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+)|(0|[1-9]\d*l?)|('(?:''|[^'])*')|([a-z_$][a-z0-9_$]*)|<>|>=|<=|[=<>(),+-]/iy;

/**
 * Reads tokens when they are asked for: what comes behind the end of an expression is never looked at but for one
 * token, and so never wrong.
 */
export class SqlTokens {
  readonly #text: string;
  readonly #ahead: SqlToken[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws CodedError `filter-illegal` when no token begins there */
  peek(distance: 0 | 1 = 0): SqlToken {
    for (;;) {
      const token = this.#ahead[distance];
      if (token !== undefined) return token;
      this.#ahead.push(this.#read());
    }
  }

  /** @throws CodedError `filter-illegal` */
  next(): SqlToken {
    const token = this.peek();
    this.#ahead.shift();
    return token;
  }

  /** The next token when it is of that kind. */
  take(kind: SqlToken['kind']): SqlToken | undefined {
    return this.peek().kind === kind ? this.next() : undefined;
  }

  /** @throws CodedError `filter-illegal` when it is of another kind */
  expect(kind: SqlToken['kind']): SqlToken {
    return this.take(kind) ?? fail(`${describe(this.peek())} stands where ${kind} is expected`);
  }

  #read(): SqlToken {
    SKIPPED.lastIndex = this.#at;
    if (SKIPPED.test(this.#text)) this.#at = SKIPPED.lastIndex;
    if (this.#at >= this.#text.length) return { kind: 'end', image: '' };
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) return fail(`nothing begins with ${JSON.stringify(this.#text.charAt(this.#at))}`);
    this.#at = TOKEN.lastIndex;
    const [image, float, whole, text, name] = match;
    if (float !== undefined) return { kind: 'float', image };
    if (whole !== undefined) return { kind: 'whole', image };
    if (text !== undefined) return { kind: 'text', image };
    if (name === undefined) return { kind: image as Sign, image };
    const keyword = name.toUpperCase();
    return { kind: keywords.has(keyword) ? (keyword as Keyword) : 'name', image };
  }
}

export function describe(token: SqlToken): string {
  return token.kind === 'end' ? 'the end' : JSON.stringify(token.image);
}

export function fail(reason: string): never {
  throw new CodedError('filter-illegal', { reason });
}
