import type { Delivery } from '../../client/grpc/endpointModel.ts';
import type { OutgoingMessage } from '../../client/model.ts';
import type { DeliveryDraft, SendDelivery, SendDraft, SendProperty } from '../../contract/sendForm.ts';

const PLAIN: DeliveryDraft = {
  type: 'NORMAL',
  messageGroup: '',
  delayBy: 'duration',
  delay: '',
  delayUnit: 'seconds',
  deliverAt: '',
  priority: '',
  liteTopic: '',
  transactionEnd: 'commit',
};

export const EMPTY_DRAFT: SendDraft = { topic: '', tag: '', keys: '', properties: [], body: '', delivery: PLAIN };

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

/** A duration begins when the message is sent. */
export function deliveryAt(nowMs: number, asked: SendDelivery): Delivery {
  return 'afterMs' in asked ? { type: 'DELAY', deliverAtMs: nowMs + asked.afterMs } : asked;
}

/** The draft in what was kept, perhaps by another version; undefined when it is none. */
export function readDraft(kept: unknown): SendDraft | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { topic, tag, keys, properties, body } = kept as Partial<Record<keyof SendDraft, unknown>>;
  const isWhole = [topic, tag, keys, body].every((value) => typeof value === 'string') && Array.isArray(properties);
  if (!isWhole || !properties.every(isProperty)) return undefined;
  return { ...(kept as SendDraft), delivery: readDelivery(Reflect.get(kept, 'delivery')) };
}

const CHOICES = {
  type: ['NORMAL', 'FIFO', 'DELAY', 'PRIORITY', 'LITE', 'TRANSACTION'],
  delayBy: ['duration', 'moment'],
  delayUnit: ['seconds', 'minutes', 'hours', 'days'],
  transactionEnd: ['commit', 'rollback'],
} as const satisfies { readonly [Field in keyof DeliveryDraft]?: readonly DeliveryDraft[Field][] };

/** Versions before types kept none. */
function readDelivery(kept: unknown): DeliveryDraft {
  if (typeof kept !== 'object' || kept === null) return PLAIN;
  const areTexts = Object.keys(PLAIN).every((field) => typeof Reflect.get(kept, field) === 'string');
  const areChoices = Object.entries(CHOICES).every(([field, choices]) =>
    (choices as readonly unknown[]).includes(Reflect.get(kept, field)),
  );
  return areTexts && areChoices ? (kept as DeliveryDraft) : PLAIN;
}

function isProperty(value: unknown): value is SendProperty {
  if (typeof value !== 'object' || value === null) return false;
  const { name, value: text } = value as Partial<Record<keyof SendProperty, unknown>>;
  return typeof name === 'string' && typeof text === 'string';
}
