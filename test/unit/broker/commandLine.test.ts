import assert from 'node:assert/strict';
import { parseCommandLine } from '../../../src/broker/commandLine.ts';

describe('broker/commandLine', () => {
  it('takes an address of IPv6 with and without the brackets that it has before a port', () => {
    for (const host of ['::1', '[::1]']) {
      const line = parseCommandLine(['start', '--temp', '--host', host]);
      assert.ok(typeof line === 'object');
      assert.equal(line.host, '::1');
    }
  });
});
