import type { ReceivedMessage } from '../../client/receivedMessage.ts';
import { layOutJson } from './jsonLayout.ts';
import { readBody } from './messageBody.ts';

export interface MessageText {
  readonly extension: 'json' | 'txt';
  readonly text: string;
}

/** The whole message as a document: one JSON object when its body is JSON, else its head, an empty line and its body. */
export function messageText(message: ReceivedMessage): MessageText {
  const body = readBody(message.body);
  const head = {
    topic: message.topic,
    broker: message.brokerName,
    queue: message.queueId,
    offset: message.offset,
    messageId: message.messageId,
    offsetMessageId: message.offsetMessageId,
    storedAt: new Date(message.storedAtMs).toISOString(),
    bornAt: new Date(message.bornAtMs).toISOString(),
    bornHost: message.bornHost,
    storeHost: message.storeHost,
    reconsumeTimes: message.reconsumeTimes,
  };
  if (body.format === 'json') {
    const fields = JSON.stringify({ ...head, properties: Object.fromEntries(message.properties) });
    const whole = `${fields.slice(0, -1)},"body":${body.text}}`;
    return { extension: 'json', text: `${layOutJson(whole) ?? whole}\n` };
  }
  const lines = [
    ...Object.entries(head).map(([name, value]) => `${name}: ${value}`),
    ...[...message.properties].map(([name, value]) => `properties.${name}: ${value}`),
  ];
  return { extension: 'txt', text: `${lines.join('\n')}\n\n${body.text}\n` };
}
