import assert from 'node:assert/strict';

import { EMPTY_DRAFT, deliveryAt, outgoingMessage, readDraft } from '../../../../src/host/panels/sendDraft.ts';

describe('outgoingMessage', () => {
  it('is what the draft means', () => {
    const message = outgoingMessage({
      ...EMPTY_DRAFT,
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

  it('takes one of a version without types, and no delivery that cannot be', () => {
    const { delivery, ...old } = EMPTY_DRAFT;
    assert.deepEqual(readDraft(old), EMPTY_DRAFT);
    const chosen = { ...delivery, type: 'FIFO', messageGroup: 'g' };
    assert.deepEqual(readDraft({ ...old, delivery: chosen })?.delivery, chosen);
    for (const wrong of [{ type: 'LATER' }, { delayUnit: 'years' }, { priority: 3 }, { transactionEnd: undefined }]) {
      assert.deepEqual(readDraft({ ...old, delivery: { ...chosen, ...wrong } })?.delivery, delivery);
    }
  });
});

describe('deliveryAt', () => {
  it('counts a duration from the moment of sending', () => {
    assert.deepEqual(deliveryAt(1000, { type: 'DELAY', afterMs: 500 }), { type: 'DELAY', deliverAtMs: 1500 });
    assert.deepEqual(deliveryAt(1000, { type: 'DELAY', deliverAtMs: 7 }), { type: 'DELAY', deliverAtMs: 7 });
    assert.deepEqual(deliveryAt(1000, { type: 'FIFO', group: 'g' }), { type: 'FIFO', group: 'g' });
  });
});
