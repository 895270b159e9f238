import type { OutgoingMessage } from '../../client/model.ts';
import type { SendDraft, SendProperty } from '../../contract/sendForm.ts';

export const EMPTY_DRAFT: SendDraft = { topic: '', tag: '', keys: '', properties: [], body: '' };

/** The message that a draft means. Rows of properties that are wholly empty say nothing. */
export function outgoingMessage(draft: SendDraft): OutgoingMessage {
  const properties = draft.properties.filter(({ name, value }) => name !== '' || value !== '');
  return {
    topic: draft.topic.trim(),
    tag: draft.tag.trim(),
    keys: draft.keys.split(/\s+/).filter((key) => key !== ''),
    properties: new Map(properties.map(({ name, value }) => [name.trim(), value])),
    body: Buffer.from(draft.body, 'utf8'),
  };
}

/** The draft in what was kept, perhaps by another version; undefined when it is none. */
export function readDraft(kept: unknown): SendDraft | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { topic, tag, keys, properties, body } = kept as Partial<Record<keyof SendDraft, unknown>>;
  const isWhole = [topic, tag, keys, body].every((value) => typeof value === 'string') && Array.isArray(properties);
  return isWhole && properties.every(isProperty) ? (kept as SendDraft) : undefined;
}

function isProperty(value: unknown): value is SendProperty {
  if (typeof value !== 'object' || value === null) return false;
  const { name, value: text } = value as Partial<Record<keyof SendProperty, unknown>>;
  return typeof name === 'string' && typeof text === 'string';
}
