import assert from 'node:assert/strict';

import { parseActivationStats } from '../../../support/vscodeHost/startupPerformance.ts';

describe('parseActivationStats', () => {
  it('reads the table of extensions and nothing after it', () => {
    const report = [
      '# Startup',
      '## Extension Activation Stats',
      '| Extension | Eager | Load Code | Call Activate | Finish Activate | Event | By |',
      '|---|---|---|---|---|---|---|',
      '| Acme.Probe | true | 28 | 5 | 1 | onStartupFinished | Acme.Probe |',
      '',
      '## Raw Perf Marks',
      '| other | false | 1 | 1 | 1 | x | y |',
    ].join('\n');
    assert.deepEqual(
      [...parseActivationStats(report)],
      [['acme.probe', { startup: true, loadCode: 28, callActivate: 5, finishActivate: 1, event: 'onStartupFinished' }]],
    );
  });
});
