import { isCodedError } from '../../base/errors.ts';
import type { Subscription } from '../../protocol/bodies/group.ts';
import { isTagType, sqlFilter } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';

/** The compiled expression of a group for a topic. Source: ConsumerFilterData.java. */
export interface FilterData {
  readonly expressionType: string;
  readonly expression: string;
  /** The `subVersion` it came with. */
  readonly version: number;
  readonly filter: MessageFilter;
}

/**
 * Takes what a heartbeat says of filters by properties. An expression that does not compile is left out, and takes the
 * one before it away: the pulls that follow tell the client. Source: ConsumerFilterManager.java, register.
 */
export function registerFilters(known: Map<string, FilterData>, given: readonly Subscription[]): void {
  for (const { topic, subString: expression, expressionType, subVersion: version } of given) {
    if (isTagType(expressionType) || expression === '') continue;
    const before = known.get(topic);
    if (before !== undefined && version <= before.version) continue;
    if (before?.expression === expression && before.expressionType === expressionType) {
      known.set(topic, { ...before, version });
      continue;
    }
    const filter = propertyFilter(expressionType, expression);
    if (filter === undefined) known.delete(topic);
    else known.set(topic, { expressionType, expression, version, filter });
  }
}

/** Undefined for an expression that does not compile, and for a type that nobody knows. */
export function propertyFilter(expressionType: string | undefined, expression: string): MessageFilter | undefined {
  if (expressionType !== 'SQL92') return undefined;
  try {
    return sqlFilter(expression);
  } catch (error) {
    if (isCodedError(error, 'filter-illegal')) return undefined;
    throw error;
  }
}
