import assert from 'node:assert/strict';

import fc from 'fast-check';
import { previewHex, previewText, readBody } from '../../../../src/host/panels/messageBody.ts';

describe('readBody', () => {
  it('lays out JSON objects and arrays, and leaves other text alone', () => {
    assert.deepEqual(readBody(Buffer.from('{"a":1}')), { format: 'json', text: '{\n  "a": 1\n}', shownBytes: 7 });
    assert.deepEqual(readBody(Buffer.from('42')), { format: 'text', text: '42', shownBytes: 2 });
    assert.deepEqual(readBody(Buffer.from('{"a":')), { format: 'text', text: '{"a":', shownBytes: 5 });
    assert.deepEqual(readBody(Buffer.from('订单\t1\r\n')), { format: 'text', text: '订单\t1\r\n', shownBytes: 10 });
    assert.deepEqual(readBody(Buffer.alloc(0)), { format: 'text', text: '', shownBytes: 0 });
  });

  it('shows bytes that are no text in hex, with their ASCII', () => {
    const body = Buffer.concat([Buffer.from('Hello, RocketMQ!'), Buffer.from([0x00, 0xff, 0x41])]);
    assert.deepEqual(readBody(body), {
      format: 'hex',
      shownBytes: 19,
      text: [
        '00000000  48 65 6c 6c 6f 2c 20 52 6f 63 6b 65 74 4d 51 21  Hello, RocketMQ!',
        `00000010  00 ff 41${' '.repeat(39)}  ..A`,
      ].join('\n'),
    });
  });

  it('cuts a long text between characters', () => {
    const body = Buffer.from('订单订单');
    assert.deepEqual(readBody(body, 8), { format: 'text', text: '订单', shownBytes: 6 });
    assert.deepEqual(readBody(body, 9), { format: 'text', text: '订单订', shownBytes: 9 });
    assert.equal(readBody(Buffer.alloc(1000), 400).shownBytes, 100);
  });

  it('loses nothing of any text, and cuts none to what is no text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.integer({ min: 4, max: 60 }), (text, maxBytes) => {
        const cut = readBody(Buffer.from(`x${text}`), maxBytes);
        if (cut.format === 'text') assert.ok(`x${text}`.startsWith(cut.text) && !cut.text.includes('\ufffd'));
      }),
    );
  });
});

describe('preview of a body', () => {
  it('is one line of the beginning', () => {
    assert.equal(previewText(Buffer.from('{\n  "a": 1\r\n}\n')), '{ "a": 1 }');
    assert.equal(previewText(Buffer.from('x'.repeat(5000)))?.length, 400);
    assert.equal(previewText(Buffer.from('单'.repeat(500)))?.length, 133);
  });

  it('is undefined where the body is no text, and the first bytes in hex stand for it', () => {
    const body = Buffer.from([0, 1, 2, 0xfe]);
    assert.equal(previewText(body), undefined);
    assert.equal(previewHex(body), '00 01 02 fe');
  });
});
