import assert from 'node:assert/strict';

import { readIdentity } from '../../../../src/host/panels/pageIdentity.ts';

describe('readIdentity', () => {
  it('finds the connection and the topic in what a page kept', () => {
    const kept = { identity: { connectionId: 'local', topic: 'Orders' }, state: { follow: true } };
    assert.deepEqual(readIdentity(kept), { connectionId: 'local', topic: 'Orders' });
    assert.deepEqual(readIdentity({ identity: { connectionId: 'local' } }), { connectionId: 'local' });
  });

  it('is undefined for anything else', () => {
    for (const kept of [undefined, null, 1, {}, { identity: {} }, { identity: { connectionId: 1 } }]) {
      assert.equal(readIdentity(kept), undefined);
    }
  });
});
