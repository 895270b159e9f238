import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import type { OutgoingMessage } from '../../../src/client/model.ts';
import { MAX_BODY_BYTES, prepareProperties } from '../../../src/client/outgoing.ts';

const body = Buffer.from('x');

describe('prepareProperties', () => {
  it('encodes properties, keys, tag and id', () => {
    const text = prepareProperties(
      { topic: 'T', tag: 'TagA', keys: ['k1', '', 'k2'], properties: new Map([['颜色', 'blau']]), body },
      'ID',
    );
    assert.equal(
      text,
      '颜色\u0001blau\u0002KEYS\u0001k1 k2\u0002TAGS\u0001TagA\u0002UNIQ_KEY\u0001ID\u0002WAIT\u0001true\u0002',
    );
  });

  it('leaves out an empty tag and keys', () => {
    assert.equal(
      prepareProperties({ topic: 'T', tag: '', keys: [''], body }, 'ID'),
      'UNIQ_KEY\u0001ID\u0002WAIT\u0001true\u0002',
    );
  });

  const good = { topic: 'T', body };
  const refused: readonly [string, OutgoingMessage, string, Record<string, unknown>?][] = [
    ['a blank topic', { ...good, topic: ' ' }, 'topic-name-invalid', { topic: ' ', reason: 'blank' }],
    [
      'an illegal topic',
      { ...good, topic: 'a b' },
      'topic-name-invalid',
      { topic: 'a b', reason: 'illegal-characters' },
    ],
    ['an empty body', { ...good, body: Buffer.alloc(0) }, 'body-empty'],
    [
      'a body over 4 MiB',
      { ...good, body: Buffer.alloc(MAX_BODY_BYTES + 1) },
      'body-too-large',
      { sizeBytes: 4194305, maxSizeBytes: 4194304 },
    ],
    [
      'a reserved name',
      { ...good, properties: new Map([['UNIQ_KEY', 'x']]) },
      'property-illegal',
      { name: 'UNIQ_KEY', reason: 'reserved' },
    ],
    [
      'a blank name',
      { ...good, properties: new Map([[' ', 'x']]) },
      'property-illegal',
      { name: ' ', reason: 'blank' },
    ],
    [
      'an empty value',
      { ...good, properties: new Map([['a', '']]) },
      'property-illegal',
      { name: 'a', reason: 'blank' },
    ],
    ['a separator in a name', { ...good, properties: new Map([['a\u0001', 'x']]) }, 'property-illegal'],
    [
      'a separator in a value',
      { ...good, properties: new Map([['a', 'x\u0002']]) },
      'property-illegal',
      { name: 'a', reason: 'control-character' },
    ],
    [
      'a separator in the tag',
      { ...good, tag: 'a\u0002b' },
      'property-illegal',
      { name: 'TAGS', reason: 'control-character' },
    ],
    [
      'a separator in a key',
      { ...good, keys: ['a\u0001'] },
      'property-illegal',
      { name: 'KEYS', reason: 'control-character' },
    ],
    [
      'properties over 32767 bytes',
      { ...good, properties: new Map([['a', 'ü'.repeat(16400)]]) },
      'properties-too-large',
    ],
  ];
  for (const [name, message, code, details] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => prepareProperties(message, 'ID'),
        (error) => {
          assert.ok(isCodedError(error), String(error));
          assert.equal(error.code, code);
          if (details !== undefined) assert.deepEqual(error.details, details);
          return true;
        },
      );
    });
  }

  it('takes a body of exactly 4 MiB', () => {
    assert.doesNotThrow(() => prepareProperties({ ...good, body: Buffer.alloc(MAX_BODY_BYTES) }, 'ID'));
  });
});
