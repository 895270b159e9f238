import assert from 'node:assert/strict';
import vm from 'node:vm';

import fc from 'fast-check';

import { quoteInside } from '../../../src/snippets/quote.ts';

describe('quoting for a string literal', () => {
  it('leaves plain names alone in every language', () => {
    for (const language of ['java', 'go', 'python', 'typescript'] as const) {
      assert.equal(quoteInside('%RETRY%my-group_1', language), '%RETRY%my-group_1');
      assert.equal(quoteInside('订单', language), '订单');
    }
  });

  it('escapes the quote, the backslash and line ends', () => {
    assert.equal(quoteInside('a"b\\u0022c\n\r\t', 'java'), 'a\\"b\\\\u0022c\\n\\r\\t');
  });

  it('writes control characters as the language reads them', () => {
    assert.equal(quoteInside('\0' + '7', 'java'), '\\0007');
    assert.equal(quoteInside('\u0007', 'go'), '\\u0007');
    assert.equal(quoteInside('\u2028', 'typescript'), '\\u2028');
  });

  it('shows characters that turn the reading direction around', () => {
    assert.equal(quoteInside('a\u202eb', 'java'), 'a\\u202eb');
    assert.equal(quoteInside('\u{e0001}', 'java'), '\\udb40\\udc01');
    assert.equal(quoteInside('\u{e0001}', 'go'), '\\U000e0001');
    assert.equal(quoteInside('\u{e0001}', 'python'), '\\U000e0001');
    assert.equal(quoteInside('\u{e0001}', 'typescript'), '\\u{e0001}');
  });

  it('replaces a lone surrogate', () => {
    assert.equal(quoteInside('a\ud800b', 'go'), 'a\ufffdb');
  });

  it('comes back from JavaScript as it was, on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const literal = `"${quoteInside(text, 'typescript')}"`;
        assert.equal(vm.runInThisContext(literal), text);
        assert.ok(!/[\n\r\u2028\u2029]/.test(literal));
      }),
    );
  });
});
