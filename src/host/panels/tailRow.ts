import type { ReceivedMessage } from '../../client/receivedMessage.ts';
import type { TailMessage, TailRow } from '../../contract/tail.ts';
import { PropertyName } from '../../protocol/messageProperty.ts';
import { previewHex, previewText, readBody } from './messageBody.ts';

/** Of a longer body the page shows the beginning. */
const MAX_SHOWN_BYTES = 256 * 1024;

/** Words of the host that stand in what a page is given. */
export interface RowWords {
  readonly binary: (sizeBytes: number, hex: string) => string;
  readonly bodyProblem: (error: unknown) => string;
  /** What nobody tells. */
  readonly unknown: string;
}

export function tailRow(number: number, message: ReceivedMessage, words: RowWords): TailRow {
  const { brokerName, queueId, offset, storedAtMs, properties, body, sizeBytes } = message;
  return {
    number,
    storedAtMs,
    brokerName,
    queueId,
    offset,
    tag: properties.get(PropertyName.TAGS) ?? '',
    keys: properties.get(PropertyName.KEYS) ?? '',
    preview: previewText(body) ?? words.binary(sizeBytes, previewHex(body)),
    sizeBytes,
  };
}

export function tailMessage(number: number, message: ReceivedMessage, words: RowWords): TailMessage {
  const { format, text, shownBytes } = readBody(message.body, MAX_SHOWN_BYTES);
  return {
    ...tailRow(number, message, words),
    topic: message.topic,
    messageId: message.messageId,
    offsetMessageId: message.offsetMessageId ?? words.unknown,
    bornAtMs: message.bornAtMs,
    bornHost: message.bornHost,
    storeHost: message.storeHost,
    reconsumeTimes: message.reconsumeTimes,
    properties: [...message.properties].map(([name, value]) => ({ name, value })),
    body: text,
    bodyFormat: format,
    shownBytes,
    bodyProblem: message.bodyProblem === undefined ? undefined : words.bodyProblem(message.bodyProblem),
  };
}
