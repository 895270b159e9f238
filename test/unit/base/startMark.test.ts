import assert from 'node:assert/strict';

import { startMarkIn } from '../../../src/base/startMark.ts';

describe('start mark', () => {
  it('is field 22, whatever the name of the process holds', () => {
    const fields = Array.from({ length: 50 }, (_, index) => String(index + 3));
    assert.equal(startMarkIn(`7 (a) b (c) ${fields.join(' ')}\n`), '22');
    assert.equal(startMarkIn('nothing of the kind'), undefined);
  });
});
