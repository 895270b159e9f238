import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { isFarBehind, suggestedBroker } from '../../../../src/broker/handlers/suggestedBroker.ts';
import type { Rememberer } from '../../../../src/broker/handlers/suggestedBroker.ts';
import { groupConfig } from '../../../../src/protocol/bodies/group.ts';

describe('broker/handlers/suggestedBroker', () => {
  const memory = Math.trunc((totalmem() * 40) / 100);

  function logUpTo(maxPhysicalOffset: number, accessMessageInMemoryMaxRatio = 40): Rememberer {
    return { config: { accessMessageInMemoryMaxRatio }, store: { maxPhysicalOffset } };
  }

  it('goes by the part of the memory of the machine that is said to hold the end of the log', () => {
    assert.equal(isFarBehind(logUpTo(memory + 1000), 1000), false);
    assert.equal(isFarBehind(logUpTo(memory + 1001), 1000), true);
    assert.equal(isFarBehind(logUpTo(memory + 1001, 41), 1000), false);
    assert.equal(isFarBehind(logUpTo(1001, 0), 1000), true);
    assert.equal(isFarBehind(logUpTo(memory * 2), undefined), false, 'nothing was looked at');
  });

  it('is the one that the group names for slow readers, and else its own', () => {
    const group = groupConfig({ groupName: 'G', brokerId: 2, whichBrokerWhenConsumeSlowly: 3 });
    assert.equal(suggestedBroker(logUpTo(memory + 1001), group, 1000), 3);
    assert.equal(suggestedBroker(logUpTo(memory + 1001), group, 1001), 2);
    assert.equal(suggestedBroker(logUpTo(memory + 1001), groupConfig({ groupName: 'G' }), 1000), 1);
    assert.equal(suggestedBroker(logUpTo(memory + 1001), undefined, 1000), 0);
  });
});
