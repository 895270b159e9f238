import assert from 'node:assert/strict';

import { EMPTY_DRAFT, outgoingMessage, readDraft } from '../../../../src/host/panels/sendDraft.ts';

describe('outgoingMessage', () => {
  it('is what the draft means', () => {
    const message = outgoingMessage({
      topic: ' Orders ',
      tag: ' paid',
      keys: '  k1\tk2 ',
      properties: [
        { name: ' region ', value: ' eu ' },
        { name: '', value: '' },
      ],
      body: '订单',
    });
    assert.deepEqual(message, {
      topic: 'Orders',
      tag: 'paid',
      keys: ['k1', 'k2'],
      properties: new Map([['region', ' eu ']]),
      body: Buffer.from('订单'),
    });
  });

  it('keeps a half-filled property, so that it is refused and not lost', () => {
    const { properties } = outgoingMessage({ ...EMPTY_DRAFT, properties: [{ name: '', value: 'x' }] });
    assert.deepEqual(properties, new Map([['', 'x']]));
  });
});

describe('readDraft', () => {
  it('takes a whole draft alone', () => {
    const draft = { ...EMPTY_DRAFT, properties: [{ name: 'a', value: 'b' }] };
    assert.deepEqual(readDraft(structuredClone(draft)), draft);
    for (const kept of [undefined, null, 'x', {}, { ...draft, body: 1 }, { ...draft, properties: [{ name: 'a' }] }]) {
      assert.equal(readDraft(kept), undefined);
    }
  });
});
