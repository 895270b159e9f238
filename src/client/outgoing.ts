import { CodedError } from '../base/errors.ts';
import {
  MAX_PROPERTIES_BYTES,
  PropertyName,
  breaksProperties,
  encodeProperties,
  isReservedProperty,
} from '../protocol/messageProperty.ts';
import { checkTopicName } from '../protocol/topicName.ts';
import type { OutgoingMessage } from './model.ts';

/** What a broker takes by default (`maxMessageSize`). */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Checks a message as the official producer and the broker would, and gives its property string.
 * @throws CodedError `topic-name-invalid`, `body-empty`, `body-too-large`, `property-illegal` (also for `TAGS` and
 * `KEYS`), `properties-too-large`
 */
export function prepareProperties(message: OutgoingMessage, uniqueKey: string): string {
  checkTopicName(message.topic);
  if (message.body.length === 0) throw new CodedError('body-empty');
  if (message.body.length > MAX_BODY_BYTES) {
    throw new CodedError('body-too-large', { sizeBytes: message.body.length, maxSizeBytes: MAX_BODY_BYTES });
  }
  const properties: (readonly [string, string])[] = [];
  for (const [name, value] of message.properties ?? []) {
    // Readers drop a pair without a name or a value, so it is refused here rather than lost.
    if (name.trim() === '' || value === '') illegal(name, 'blank');
    if (isReservedProperty(name)) illegal(name, 'reserved');
    properties.push([name, value]);
  }
  const keys = (message.keys ?? []).filter((key) => key !== '').join(' ');
  if (keys !== '') properties.push([PropertyName.KEYS, keys]);
  if (message.tag !== undefined && message.tag !== '') properties.push([PropertyName.TAGS, message.tag]);
  for (const [name, value] of properties) {
    if (breaksProperties(name) || breaksProperties(value)) illegal(name, 'control-character');
  }
  properties.push([PropertyName.UNIQUE_KEY, uniqueKey], [PropertyName.WAIT, 'true']);
  const text = encodeProperties(properties);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_PROPERTIES_BYTES) {
    throw new CodedError('properties-too-large', { sizeBytes, maxSizeBytes: MAX_PROPERTIES_BYTES });
  }
  return text;
}

function illegal(name: string, reason: 'reserved' | 'blank' | 'control-character'): never {
  throw new CodedError('property-illegal', { name, reason });
}
