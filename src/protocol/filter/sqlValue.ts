/*
 * Values of SQL92 filters and how they compare. Properties are text; a number decides by its type what the text beside
 * it must be. Source: ComparisonExpression.java, __compare; broker sheet §7.2.
 */

export type SqlNumber =
  { readonly type: 'int' | 'double'; readonly value: number } | { readonly type: 'long'; readonly value: bigint };

/** What an expression gives: text of a property, a literal, a truth; null is the third truth, "unknown". */
export type SqlValue = string | boolean | null | SqlNumber;

/** Thrown where Java throws: the message does not match. One for all, since it is thrown for any message. */
export const NOT_COMPARABLE = new Error('the values cannot be compared');

/**
 * Below, at or above 0, as `compareTo`. Values of kinds that never meet count as below.
 * @throws NOT_COMPARABLE when text is no such number, or beside a truth on its right
 */
export function compareValues(left: NonNullable<SqlValue>, right: NonNullable<SqlValue>): number {
  if (typeof left === 'string') {
    if (typeof right === 'string') return order(left, right);
    if (typeof right === 'boolean') return order(left.toLowerCase() === 'true', right);
    return compareNumbers(numberLike(right, left), right);
  }
  if (typeof left === 'boolean') {
    if (typeof right === 'boolean') return order(left, right);
    // Java casts the truth to text here, and fails.
    if (typeof right === 'string') throw NOT_COMPARABLE;
    return -1;
  }
  if (typeof right === 'boolean') return -1;
  return compareNumbers(left, typeof right === 'string' ? numberLike(left, right) : right);
}

/** Text with text by `<`, `>` and so on: both must be numbers. @throws NOT_COMPARABLE */
export function compareNumericTexts(left: string, right: string): number {
  return compareDoubles(doubleOf(left), doubleOf(right));
}

function compareNumbers(left: SqlNumber, right: SqlNumber): number {
  if (left.type === 'double' || right.type === 'double') {
    return compareDoubles(Number(left.value), Number(right.value));
  }
  if (left.value === right.value) return 0;
  return left.value < right.value ? -1 : 1;
}

/** Java's order of doubles: -0 below 0, NaN above all and equal to itself. */
function compareDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (Object.is(left, right)) return 0;
  return Number.isNaN(left) || Object.is(right, -0) ? 1 : -1;
}

function order<T extends string | boolean>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The text as a number of the same type. */
function numberLike(number: SqlNumber, text: string): SqlNumber {
  switch (number.type) {
    case 'int': {
      const value = WHOLE.test(text) ? Number(text) : NaN;
      if (!(value >= -(2 ** 31) && value < 2 ** 31)) throw NOT_COMPARABLE;
      return { type: 'int', value };
    }
    case 'long': {
      const value = WHOLE.test(text) ? BigInt(text.replace('+', '')) : undefined;
      if (value === undefined || BigInt.asIntN(64, value) !== value) throw NOT_COMPARABLE;
      return { type: 'long', value };
    }
    case 'double':
      return { type: 'double', value: doubleOf(text) };
  }
}

const WHOLE = /^[+-]?\d+$/;
const DOUBLE = /^([+-]?)(NaN|Infinity|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?$/;

/** Double.valueOf: blanks around, and the suffixes of Java's literals, are allowed. */
function doubleOf(text: string): number {
  const [, sign, digits] = DOUBLE.exec(trimmed(text)) ?? [];
  if (digits === undefined) throw NOT_COMPARABLE;
  return sign === '-' ? -Number(digits) : Number(digits);
}

/** Java's trim takes every control character for a blank. No regex: at the end of a text one would need quadratic time. */
function trimmed(text: string): string {
  let begin = 0;
  let end = text.length;
  while (begin < end && text.charCodeAt(begin) <= 0x20) begin++;
  while (end > begin && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(begin, end);
}
