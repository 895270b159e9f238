import assert from 'node:assert/strict';

import { soak } from '../soak/soak.ts';

describe('the local broker under kills and restarts', () => {
  it('keeps what it acknowledged, once, and gives it to every group', async () => {
    const result = await soak({ durationMs: 20_000, seed: 7, log: () => undefined });
    assert.ok(result.kills >= 1, 'it was killed');
    assert.ok(result.acknowledged > 100, `${result.acknowledged} acknowledged`);
    assert.equal(result.stored, result.acknowledged + result.unansweredButStored);
  }).timeout(240_000);
});
