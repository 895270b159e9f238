import type { ReceivedMessage } from '../../../../src/client/receivedMessage.ts';

export function makeMessage(part: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const body = part.body ?? Buffer.from('hello');
  return {
    topic: 'Orders',
    brokerName: 'broker-a',
    queueId: 1,
    offset: 7,
    storedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    bornAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    bornHost: '127.0.0.1:51000',
    storeHost: '127.0.0.1:10911',
    reconsumeTimes: 0,
    messageId: 'ID7',
    offsetMessageId: 'OFFSET7',
    properties: new Map([
      ['KEYS', 'k1 k2'],
      ['TAGS', 'paid'],
    ]),
    body,
    bodyProblem: undefined,
    sizeBytes: body.length,
    ...part,
  };
}
