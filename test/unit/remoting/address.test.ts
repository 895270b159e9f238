import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import { formatAddress, parseAddress } from '../../../src/remoting/address.ts';

describe('parseAddress', () => {
  const good: readonly [string, string, number][] = [
    ['127.0.0.1:9876', '127.0.0.1', 9876],
    ['localhost:1', 'localhost', 1],
    [' mq-1.example.com:65535 ', 'mq-1.example.com', 65535],
    ['rocketmq_namesrv:9876', 'rocketmq_namesrv', 9876],
    ['[::1]:9876', '::1', 9876],
    ['[fe80::1%eth0]:9876', 'fe80::1%eth0', 9876],
    ['消息.example:9876', '消息.example', 9876],
  ];
  for (const [text, host, port] of good) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseAddress(text), { host, port });
      assert.equal(formatAddress({ host, port }), text.trim());
    });
  }

  it('takes the default port where none is given', () => {
    assert.deepEqual(parseAddress('mq', 9876), { host: 'mq', port: 9876 });
    assert.deepEqual(parseAddress('[::1]', 9876), { host: '::1', port: 9876 });
  });

  const bad = [
    '',
    ':9876',
    'mq',
    'mq:',
    'mq:0',
    'mq:65536',
    'mq:98x6',
    'mq:9876:1',
    '::1:9876',
    'http://mq:9876',
    'mq:9876/x',
    'a b:1',
    '127.0.0:9876',
    '127.0.0.256:9876',
    '1.2.3.4.5:1',
    'mq..de:1',
    'mq,9876',
    'user@mq:1',
    '[::1',
    'mq!:1',
  ];
  for (const text of bad) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseAddress(text),
        (error) => isCodedError(error, 'address-invalid') && error.details['address'] === text,
      );
    });
  }
});
