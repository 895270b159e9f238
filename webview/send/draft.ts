import type { SendDraft } from '../../src/contract/sendForm.ts';
import { formatBytes } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';

/** What must be put right before sending, by field, in words. The broker has the last word on all the rest. */
export interface DraftProblems {
  readonly topic?: string;
  readonly properties?: string;
  readonly body?: string;
}

export function draftProblems(draft: SendDraft, maxBodyBytes: number): DraftProblems {
  const sizeBytes = utf8Length(draft.body);
  const used = draft.properties.filter(({ name, value }) => name !== '' || value !== '');
  const names = used.map(({ name }) => name.trim());
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  return {
    ...(draft.topic.trim() === '' && { topic: l10n.t('Choose the topic to send to, or type its name.') }),
    ...(used.some(({ name, value }) => name.trim() === '' || value === '') && {
      properties: l10n.t('Give every property a name and a value, or remove the row.'),
    }),
    ...(twice !== undefined && {
      properties: l10n.t('The property "{0}" stands here twice. Remove one of them.', twice),
    }),
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
