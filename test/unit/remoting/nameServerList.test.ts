import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import { parseNameServers } from '../../../src/remoting/nameServerList.ts';
import { formatAddress } from '../../../src/remoting/address.ts';

describe('parseNameServers', () => {
  const lists: readonly [string, readonly string[]][] = [
    ['127.0.0.1:9876', ['127.0.0.1:9876']],
    ['a:1;b:2', ['a:1', 'b:2']],
    ['a:1, b:2\nc:3 ;; d', ['a:1', 'b:2', 'c:3', 'd:9876']],
    ['[::1]:9877;[::1]', ['[::1]:9877', '[::1]:9876']],
    ['a;a:9876;b', ['a:9876', 'b:9876']],
  ];
  for (const [text, addresses] of lists) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseNameServers(text).map(formatAddress), addresses);
    });
  }

  for (const [text, address] of [
    ['', ''],
    [' ; ', ' ; '],
    ['a:1;b:x', 'b:x'],
    ['http://a:9876', 'http://a:9876'],
  ] as const) {
    it(`names what is wrong in ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseNameServers(text),
        (error) => isCodedError(error, 'address-invalid') && error.details['address'] === address,
      );
    });
  }
});
