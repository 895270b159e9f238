import assert from 'node:assert/strict';

import { Settings } from '../../../src/host/settings.ts';

function settingsWith(values: Readonly<Record<string, unknown>>): Settings {
  return new Settings((name) => values[name]);
}

describe('Settings', () => {
  it('reads what is written', () => {
    const settings = settingsWith({ 'localBroker.port': 12_345, 'localBroker.autoStart': true });
    assert.equal(settings.number('localBroker.port'), 12_345);
    assert.equal(settings.boolean('localBroker.autoStart'), true);
  });

  it('takes what is absent, of the wrong type or out of bounds for the default', () => {
    for (const value of [undefined, null, '9999', 70_000, -1, 1.5, Number.NaN, {}]) {
      assert.equal(
        settingsWith({ 'localBroker.port': value }).number('localBroker.port'),
        10_911,
        JSON.stringify(value),
      );
    }
    assert.equal(settingsWith({ 'localBroker.autoStart': 'true' }).boolean('localBroker.autoStart'), false);
  });

  it('takes port 0, which means any free one', () => {
    assert.equal(settingsWith({ 'localBroker.port': 0 }).number('localBroker.port'), 0);
  });
});
