import { NOT_COMPARABLE, compareValues } from './sqlValue.ts';
import type { SqlNumber, SqlValue } from './sqlValue.ts';
import { SqlTokens, describe, fail } from './sqlToken.ts';
import type { SqlToken } from './sqlToken.ts';

export type Ordering = '>' | '>=' | '<' | '<=';
export type TextTest = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH';

export type SqlNode =
  | { readonly kind: 'literal'; readonly value: SqlValue }
  | { readonly kind: 'property'; readonly name: string }
  /** A property that stands where a truth is wanted. */
  | { readonly kind: 'truth'; readonly of: SqlNode }
  | { readonly kind: 'negate'; readonly of: SqlNode }
  | { readonly kind: 'not'; readonly of: SqlNode }
  | { readonly kind: 'and' | 'or'; readonly left: SqlNode; readonly right: SqlNode }
  | { readonly kind: 'equal'; readonly left: SqlNode; readonly right: SqlNode }
  | { readonly kind: 'order'; readonly by: Ordering; readonly left: SqlNode; readonly right: SqlNode }
  | {
      readonly kind: 'search';
      readonly by: TextTest;
      readonly not: boolean;
      readonly of: SqlNode;
      readonly for: string;
    }
  | { readonly kind: 'in'; readonly name: string; readonly values: ReadonlySet<string>; readonly not: boolean };

/** Ours: deeper nesting is refused, where Java would end its stack. */
const MAX_DEPTH = 300;

/**
 * Reads a filter expression as far as it is one; what follows is not looked at, as Apache's parser has no end of text
 * in its grammar. Source: SelectorParser.jj; broker sheet §7.2.
 * @throws CodedError `filter-illegal`
 */
export function parseSql(text: string): SqlNode {
  return truthOf(parseOr(new SqlTokens(text), 0));
}

function parseOr(tokens: SqlTokens, depth: number): SqlNode {
  let left = parseAnd(tokens, depth);
  while (tokens.take('OR')) left = { kind: 'or', ...truths(left, parseAnd(tokens, depth)) };
  return left;
}

function parseAnd(tokens: SqlTokens, depth: number): SqlNode {
  let left = parseEquality(tokens, depth);
  while (tokens.take('AND')) left = { kind: 'and', ...truths(left, parseEquality(tokens, depth)) };
  return left;
}

function parseEquality(tokens: SqlTokens, depth: number): SqlNode {
  let left = parseComparison(tokens, depth);
  for (;;) {
    if (tokens.take('=')) left = equal(left, parseComparison(tokens, depth));
    else if (tokens.take('<>')) left = { kind: 'not', of: equal(left, parseComparison(tokens, depth)) };
    else if (tokens.take('IS')) left = isNull(left, tokens);
    else return left;
  }
}

function parseComparison(tokens: SqlTokens, depth: number): SqlNode {
  let left = parseUnary(tokens, depth);
  for (;;) {
    const { kind } = tokens.peek();
    switch (kind) {
      case '>':
      case '>=':
      case '<':
      case '<=':
        tokens.next();
        left = ordered(kind, left, parseUnary(tokens, depth));
        break;
      case 'NOT':
        tokens.next();
        left = parsePredicate(tokens, depth, left, true);
        break;
      case 'BETWEEN':
      case 'IN':
      case 'CONTAINS':
      case 'STARTSWITH':
      case 'ENDSWITH':
        left = parsePredicate(tokens, depth, left, false);
        break;
      default:
        return left;
    }
  }
}

function parsePredicate(tokens: SqlTokens, depth: number, of: SqlNode, not: boolean): SqlNode {
  const token = tokens.next();
  switch (token.kind) {
    case 'BETWEEN': {
      const low = parseUnary(tokens, depth);
      tokens.expect('AND');
      return between(of, low, parseUnary(tokens, depth), not);
    }
    case 'IN':
      return inList(tokens, of, not);
    case 'CONTAINS':
    case 'STARTSWITH':
    case 'ENDSWITH':
      return { kind: 'search', by: token.kind, not, of, for: textOf(tokens.expect('text')) };
    default:
      return fail(`${describe(token)} follows NOT`);
  }
}

/** NOT binds tighter than any comparison. */
function parseUnary(tokens: SqlTokens, depth: number): SqlNode {
  if (depth > MAX_DEPTH) return fail('it is nested too deeply');
  if (tokens.take('+')) return parseUnary(tokens, depth + 1);
  if (tokens.take('-')) return { kind: 'negate', of: parseUnary(tokens, depth + 1) };
  if (tokens.take('NOT')) return { kind: 'not', of: truthOf(parseUnary(tokens, depth + 1)) };
  return parsePrimary(tokens, depth);
}

function parsePrimary(tokens: SqlTokens, depth: number): SqlNode {
  const token = tokens.next();
  switch (token.kind) {
    case 'text':
      return literal(textOf(token));
    case 'whole':
      return literal(wholeNumber(token.image));
    case 'float':
      return literal(float(token.image));
    case 'TRUE':
      return literal(true);
    case 'FALSE':
      return literal(false);
    case 'NULL':
      return literal(null);
    case 'name':
      return { kind: 'property', name: token.image };
    case '(': {
      const inner = parseOr(tokens, depth + 1);
      tokens.expect(')');
      return inner;
    }
    default:
      return fail(`${describe(token)} stands where a value is expected`);
  }
}

function literal(value: SqlValue): SqlNode {
  return { kind: 'literal', value };
}

function textOf({ image }: SqlToken): string {
  return image.slice(1, -1).replaceAll("''", "'");
}

/** An int32 where it fits, with an L too; else an int64. */
function wholeNumber(image: string): SqlNumber {
  const value = BigInt(image.replace(/l$/i, ''));
  if (BigInt.asIntN(64, value) !== value) return fail(`${image} is greater than 64 bits hold`);
  return BigInt.asIntN(32, value) === value ? { type: 'int', value: Number(value) } : { type: 'long', value };
}

/** 0.0 is refused: Java compares with the smallest double above 0. */
function float(image: string): SqlNumber {
  const value = Number(image);
  if (value === Infinity || value === 0) return fail(`${image} is out of the range of doubles`);
  return { type: 'double', value };
}

function isTruth(node: SqlNode): boolean {
  if (node.kind === 'literal') return typeof node.value === 'boolean' || node.value === null;
  return node.kind !== 'property' && node.kind !== 'negate';
}

function truthOf(node: SqlNode): SqlNode {
  if (isTruth(node)) return node;
  return node.kind === 'property' ? { kind: 'truth', of: node } : fail('a value stands where a truth is expected');
}

function truths(left: SqlNode, right: SqlNode): { readonly left: SqlNode; readonly right: SqlNode } {
  return { left: truthOf(left), right: truthOf(right) };
}

function isNull(left: SqlNode, tokens: SqlTokens): SqlNode {
  const not = tokens.take('NOT') !== undefined;
  tokens.expect('NULL');
  const node: SqlNode = { kind: 'equal', left, right: literal(null) };
  return not ? { kind: 'not', of: node } : node;
}

function equal(left: SqlNode, right: SqlNode): SqlNode {
  for (const side of [left, right]) {
    if (side.kind === 'literal' && side.value === null) return fail('NULL is compared: write IS NULL');
  }
  if (left.kind === 'literal' && right.kind === 'literal' && isTruth(left) && !isTruth(right)) {
    return fail('a truth is compared with a value');
  }
  return { kind: 'equal', left, right };
}

function ordered(by: Ordering, left: SqlNode, right: SqlNode): SqlNode {
  for (const side of [left, right]) {
    const isNumber = side.kind === 'literal' && typeof side.value === 'object' && side.value !== null;
    if (!isNumber && (side.kind === 'literal' || isTruth(side))) return fail(`${by} compares numbers only`);
  }
  return { kind: 'order', by, left, right };
}

/** Literal bounds must be in order, but not for NOT BETWEEN. */
function between(of: SqlNode, low: SqlNode, high: SqlNode, not: boolean): SqlNode {
  if (not) return { kind: 'or', left: ordered('<', of, low), right: ordered('>', of, high) };
  if (low.kind === 'literal' && high.kind === 'literal' && isBelow(high.value, low.value)) {
    return fail('the first bound of BETWEEN is above the second');
  }
  return { kind: 'and', left: ordered('>=', of, low), right: ordered('<=', of, high) };
}

function isBelow(left: SqlValue, right: SqlValue): boolean {
  if (left === null || right === null) return fail('a bound of BETWEEN is NULL');
  try {
    return compareValues(left, right) < 0;
  } catch (error) {
    if (error !== NOT_COMPARABLE) throw error;
    return fail('the bounds of BETWEEN do not compare');
  }
}

function inList(tokens: SqlTokens, of: SqlNode, not: boolean): SqlNode {
  tokens.expect('(');
  const values = new Set([textOf(tokens.expect('text'))]);
  while (tokens.take(',')) values.add(textOf(tokens.expect('text')));
  tokens.expect(')');
  if (of.kind !== 'property') return fail('IN asks for a property on its left');
  return { kind: 'in', name: of.name, values, not };
}
