import assert from 'node:assert/strict';
import { addressRule } from '../../../src/broker/security/plain/remoteAddress.ts';

describe('white addresses of ACL 1.0', () => {
  const cases: readonly [rule: string, yes: readonly string[], no: readonly string[]][] = [
    ['', [], ['127.0.0.1']],
    ['*', ['127.0.0.1', '::1'], []],
    ['*.*.*.*', ['10.1.2.3'], []],
    ['10.1.2.3', ['10.1.2.3'], ['10.1.2.4', '110.1.2.3']],
    ['10.1.2.{3,5}', ['10.1.2.3', '10.1.2.5'], ['10.1.2.4']],
    ['10.1.2.3,10.9.9.9', ['10.1.2.3', '10.9.9.9'], ['10.1.2.4']],
    ['10.1.2.*', ['10.1.2.0', '10.1.2.255'], ['10.1.3.1', '::1']],
    ['10.1.2-4.*', ['10.1.2.9', '10.1.4.9'], ['10.1.5.9']],
    ['192.168.*.*', ['192.168.7.7'], ['192.169.7.7']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2']],
    ['2001:db8::{1,2}', ['2001:db8::2'], ['2001:db8::3']],
    ['2001:db8::ac5:78:1-200:*', ['2001:db8:0:0:ac5:78:100:7'], ['2001:db8:0:0:ac5:78:300:7', '10.0.0.1']],
  ];
  for (const [rule, yes, no] of cases) {
    it(`${JSON.stringify(rule)} lets pass ${yes.join(', ') || 'nobody'}`, () => {
      const passes = addressRule(rule);
      assert.deepEqual(yes.filter(passes), yes);
      assert.deepEqual(no.filter(passes), []);
    });
  }

  for (const text of ['localhost', '10.1.2', '10.1.2.300', '10.1.2.9-3', '10.1.2.{x}', '10.1.2.3}']) {
    it(`refuses ${text}`, () => assert.throws(() => addressRule(text), /Netaddress examine scope Exception/));
  }
});
