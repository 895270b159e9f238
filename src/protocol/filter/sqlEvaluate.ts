import type { Ordering, SqlNode, TextTest } from './sqlParser.ts';
import { compareNumericTexts, compareValues } from './sqlValue.ts';
import type { SqlNumber, SqlValue } from './sqlValue.ts';

/** A property of the message; undefined when it has none of that name. */
export type PropertyLookup = (name: string) => string | undefined;

/**
 * The value of an expression; null where it is unknown. Source: filter/expression/*.java; broker sheet §7.2.
 * @throws NOT_COMPARABLE
 */
export function evaluateSql(node: SqlNode, property: PropertyLookup): SqlValue {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'property':
      return property(node.name) ?? null;
    case 'truth':
      // A property is text, and text is no truth, not even "true".
      return evaluateSql(node.of, property) === null ? null : false;
    case 'negate':
      return negated(evaluateSql(node.of, property));
    case 'not': {
      const value = evaluateSql(node.of, property);
      return typeof value === 'boolean' ? !value : null;
    }
    case 'or':
    case 'and':
      return joined(node.left, node.right, node.kind === 'or', property);
    case 'equal':
      return isEqual(evaluateSql(node.left, property), evaluateSql(node.right, property));
    case 'order':
      return isInOrder(node.by, node.left, node.right, property);
    case 'search':
      return isFound(node.by, evaluateSql(node.of, property), node.for, node.not);
    case 'in': {
      const value = property(node.name);
      return value === undefined ? null : node.values.has(value) !== node.not;
    }
  }
}

function negated(value: SqlValue): SqlValue {
  if (typeof value !== 'object' || value === null) return null;
  return negatedNumber(value);
}

/** Wraps around within its type, as Java does. */
function negatedNumber(number: SqlNumber): SqlNumber {
  return number.type === 'long'
    ? { type: 'long', value: BigInt.asIntN(64, -number.value) }
    : { type: number.type, value: number.type === 'int' ? -number.value | 0 : -number.value };
}

/** OR is decided by a true side, AND by a false one; otherwise an unknown side makes the whole unknown. */
function joined(left: SqlNode, right: SqlNode, decisive: boolean, property: PropertyLookup): SqlValue {
  const first = evaluateSql(left, property);
  if (first === decisive) return decisive;
  const second = evaluateSql(right, property);
  if (second === decisive) return decisive;
  return first === null || second === null ? null : !decisive;
}

/** Unknown when the left side is absent, false when only the right is, true when both are. */
function isEqual(left: SqlValue, right: SqlValue): SqlValue {
  if (left === null) return right === null ? true : null;
  if (right === null) return false;
  return compareValues(left, right) === 0;
}

function isInOrder(by: Ordering, leftNode: SqlNode, rightNode: SqlNode, property: PropertyLookup): SqlValue {
  const left = evaluateSql(leftNode, property);
  if (left === null) return null;
  const right = evaluateSql(rightNode, property);
  if (right === null) return null;
  const areTexts = typeof left === 'string' && typeof right === 'string';
  const sign = areTexts ? compareNumericTexts(left, right) : compareValues(left, right);
  switch (by) {
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
  }
}

/** Never unknown: an absent property contains nothing, and "not contains" nothing either. */
function isFound(by: TextTest, value: SqlValue, wanted: string, not: boolean): boolean {
  if (wanted === '' || typeof value !== 'string') return false;
  switch (by) {
    case 'CONTAINS':
      return value.includes(wanted) !== not;
    case 'STARTSWITH':
      return value.startsWith(wanted) !== not;
    case 'ENDSWITH':
      return value.endsWith(wanted) !== not;
  }
}
