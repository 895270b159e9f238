import { propertyOf } from '../messageProperty.ts';
import { compileSql } from './sql.ts';
import { javaHash, parseTagExpression } from './tag.ts';

/** Which messages of a topic a subscription takes. Source: ExpressionMessageFilter.java; broker sheet §7. */
export interface MessageFilter {
  /** By the entry in the queue alone: false needs no record to be read. */
  readonly matchesCode: (tagsCode: number) => boolean;
  /** By the property text of the record, for those whose code matches; absent when the code tells everything. */
  readonly matchesProperties?: (properties: string) => boolean;
}

export const TAKES_ALL: MessageFilter = { matchesCode: () => true };

/** True for filters by tag; any other type is a filter by properties. Source: ExpressionType.java, isTagType. */
export function isTagType(expressionType: string | undefined): boolean {
  return expressionType === undefined || expressionType === '' || expressionType === 'TAG';
}

/** Tells by tags code; clients compare the text once more, since hashes collide. */
export function tagFilter(expression: string | undefined): MessageFilter {
  if (expression === undefined || expression === '' || expression === '*') return TAKES_ALL;
  const codes = new Set(parseTagExpression(expression).map(javaHash));
  return { matchesCode: (tagsCode) => codes.has(tagsCode | 0) };
}

/** @throws CodedError `filter-illegal` */
export function sqlFilter(expression: string): MessageFilter {
  const matches = compileSql(expression);
  return {
    matchesCode: () => true,
    matchesProperties: (properties) => matches((name) => propertyOf(properties, name)),
  };
}
