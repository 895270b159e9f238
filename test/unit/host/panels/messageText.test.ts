import assert from 'node:assert/strict';

import { messageText } from '../../../../src/host/panels/messageText.ts';
import { makeMessage } from './receivedMessage.ts';

describe('messageText', () => {
  it('is one JSON object when the body is JSON, with every digit of it', () => {
    const { extension, text } = messageText(makeMessage({ body: Buffer.from('{"id":12345678901234567890}') }));
    assert.equal(extension, 'json');
    assert.match(text, /\n {2}"body": \{\n {4}"id": 12345678901234567890\n {2}\}\n\}\n$/);
    const whole = JSON.parse(text) as Record<string, unknown>;
    assert.equal(whole['topic'], 'Orders');
    assert.equal(whole['storedAt'], '2026-01-02T03:04:05.006Z');
    assert.deepEqual(whole['properties'], { KEYS: 'k1 k2', TAGS: 'paid' });
  });

  it('is the head, an empty line and the body for other text', () => {
    const { extension, text } = messageText(makeMessage({ body: Buffer.from('a\n\nb') }));
    assert.equal(extension, 'txt');
    const [head, ...body] = text.split('\n\n');
    assert.deepEqual(head?.split('\n').slice(0, 4), ['topic: Orders', 'broker: broker-a', 'queue: 1', 'offset: 7']);
    assert.deepEqual(head.split('\n').slice(-2), ['properties.KEYS: k1 k2', 'properties.TAGS: paid']);
    assert.equal(body.join('\n\n'), 'a\n\nb\n');
  });

  it('shows all of a binary body in hex', () => {
    const { text } = messageText(makeMessage({ body: Buffer.alloc(32) }));
    assert.match(text, /\n\n0{8} {2}00 .*\n0{6}10 {2}00 .*\n$/);
  });
});
