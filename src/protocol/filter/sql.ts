import { CodedError } from '../../base/errors.ts';
import { evaluateSql } from './sqlEvaluate.ts';
import type { PropertyLookup } from './sqlEvaluate.ts';
import { parseSql } from './sqlParser.ts';
import { NOT_COMPARABLE } from './sqlValue.ts';

/** Whether a message with these properties is wanted. */
export type SqlFilter = (property: PropertyLookup) => boolean;

/** Source: SelectorParser.java, which keeps failures too. */
const MAX_CACHED = 100;

const cache = new Map<string, SqlFilter | CodedError>();

/**
 * Compiles an SQL92 expression, or finds it compiled.
 * @throws CodedError `filter-illegal`
 */
export function compileSql(expression: string): SqlFilter {
  const compiled = cache.get(expression) ?? compile(expression);
  // Taken out and put behind, so that the first is the one not used for longest.
  cache.delete(expression);
  cache.set(expression, compiled);
  const [oldest] = cache.keys();
  if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
  if (compiled instanceof CodedError) throw compiled;
  return compiled;
}

function compile(expression: string): SqlFilter | CodedError {
  try {
    const node = parseSql(expression);
    return (property) => {
      try {
        return evaluateSql(node, property) === true;
      } catch (error) {
        if (isNoMatch(error)) return false;
        throw error;
      }
    };
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** What Java throws while it evaluates, the end of its stack in an endless chain of ORs too, means "no match". */
function isNoMatch(error: unknown): boolean {
  return error === NOT_COMPARABLE || error instanceof RangeError;
}
