import assert from 'node:assert/strict';

import { CodedError } from '../../../../src/base/errors.ts';
import { tailMessage, tailRow } from '../../../../src/host/panels/tailRow.ts';
import type { RowWords } from '../../../../src/host/panels/tailRow.ts';
import { makeMessage } from './receivedMessage.ts';

const WORDS: RowWords = {
  binary: (sizeBytes, hex) => `binary ${sizeBytes}: ${hex}`,
  bodyProblem: (error) => (error as CodedError).code,
  unknown: 'unknown',
};

describe('tailRow', () => {
  it('takes tag and keys from the properties', () => {
    assert.deepEqual(tailRow(3, makeMessage(), WORDS), {
      number: 3,
      storedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
      brokerName: 'broker-a',
      queueId: 1,
      offset: 7,
      tag: 'paid',
      keys: 'k1 k2',
      preview: 'hello',
      sizeBytes: 5,
    });
    const bare = tailRow(3, makeMessage({ properties: new Map(), body: Buffer.from([0, 1]) }), WORDS);
    assert.deepEqual([bare.tag, bare.keys, bare.preview], ['', '', 'binary 2: 00 01']);
  });
});

describe('tailMessage', () => {
  it('shows the beginning of a long body and says how much of it', () => {
    const message = tailMessage(3, makeMessage({ body: Buffer.alloc(300 * 1024, 'a') }), WORDS);
    assert.deepEqual([message.sizeBytes, message.shownBytes, message.body.length], [307_200, 262_144, 262_144]);
    assert.equal(message.bodyFormat, 'text');
    assert.equal(message.bodyProblem, undefined);
  });

  it('says why a body could not be decompressed', () => {
    const bodyProblem = new CodedError('message-illegal', { reason: 'x' });
    assert.equal(tailMessage(3, makeMessage({ bodyProblem }), WORDS).bodyProblem, 'message-illegal');
  });
});
