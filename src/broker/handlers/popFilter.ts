import { TAKES_ALL, isTagType, tagFilter } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { propertyFilter } from '../state/filterData.ts';
import type { Arrival } from '../store/messageToStore.ts';
import { PARSE_FAILED, namesTags, noPropertyFilter } from './pullCheck.ts';

/** The filter in the header of a pop or a notification, or why there is none. */
export function popFilter(
  { config }: BrokerContext,
  { exp, expType }: { readonly exp?: string | undefined; readonly expType?: string | undefined },
): Reply | MessageFilter {
  if (exp === undefined || exp === '') return TAKES_ALL;
  if (isTagType(expType)) return namesTags(exp) ? tagFilter(exp) : PARSE_FAILED;
  if (!config.enablePropertyFilter) return noPropertyFilter(expType);
  return propertyFilter(expType, exp) ?? PARSE_FAILED;
}

/** What wakes those who wait with a filter; undefined where every message does. */
export function arrivalFilter(filter: MessageFilter): ((arrival: Arrival) => boolean) | undefined {
  if (filter === TAKES_ALL) return undefined;
  const { matchesCode, matchesProperties } = filter;
  return ({ tagsCode, properties }) => matchesCode(tagsCode) && matchesProperties?.(properties) !== false;
}
