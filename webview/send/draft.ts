import type { SendDraft, SendProperty } from '../../src/contract/sendForm.ts';
import { formatBytes } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import type { DeliveryProblem } from './delivery.ts';

/** What must be put right before sending, by field, in words. The broker has the last word on all the rest. */
export interface DraftProblems {
  readonly topic?: string;
  readonly delivery?: DeliveryProblem;
  readonly properties?: PropertyProblem;
  readonly body?: string;
}

export interface PropertyProblem {
  readonly text: string;
  /** The controls it is about, in the order they stand in; at least one. */
  readonly faults: readonly PropertyFault[];
}

export interface PropertyFault {
  readonly row: number;
  readonly part: 'name' | 'value';
}

export function draftProblems(draft: SendDraft, maxBodyBytes: number): DraftProblems {
  const sizeBytes = utf8Length(draft.body);
  const properties = propertyProblem(draft.properties);
  return {
    ...(draft.topic.trim() === '' && { topic: l10n.t('Choose the topic to send to, or type its name.') }),
    ...(properties !== undefined && { properties }),
    ...(sizeBytes === 0 && { body: l10n.t('Type a body. A broker takes no message without one.') }),
    ...(sizeBytes > maxBodyBytes && {
      body: l10n.t(
        'The body is {0}, and a broker takes {1} at most. Shorten it.',
        formatBytes(sizeBytes),
        formatBytes(maxBodyBytes),
      ),
    }),
  };
}

/** Rows without a name and a value are as good as removed. */
function propertyProblem(properties: readonly SendProperty[]): PropertyProblem | undefined {
  const names = properties.map(({ name }) => name.trim());
  const missing = properties.flatMap(({ name, value }, row): PropertyFault[] => {
    if (name === '' && value === '') return [];
    return [
      ...(names[row] === '' ? [{ row, part: 'name' } as const] : []),
      ...(value === '' ? [{ row, part: 'value' } as const] : []),
    ];
  });
  if (missing.length > 0) {
    return { text: l10n.t('Give every property a name and a value, or remove the row.'), faults: missing };
  }
  const twice = names.find((name, row) => name !== '' && names.indexOf(name) !== row);
  if (twice === undefined) return undefined;
  // The first of them may be meant; the ones that follow are in the way.
  const faults = names.flatMap((name, row): PropertyFault[] =>
    name === twice && names.indexOf(name) !== row ? [{ row, part: 'name' }] : [],
  );
  return { text: l10n.t('The property "{0}" stands here twice. Remove one of them.', twice), faults };
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Whether laying it out anew makes sense: an object or array, and whole. */
export function isJsonDocument(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
