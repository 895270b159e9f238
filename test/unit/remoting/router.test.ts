import assert from 'node:assert/strict';

import { CodedError } from '../../../src/base/errors.ts';
import { Router } from '../../../src/remoting/router.ts';
import { connectionPair } from '../../support/streamPair.ts';

describe('Router', () => {
  it('finds the handler of a code and answers 3 to others', async () => {
    const router = new Router();
    router.on(10, () => ({ code: 0, remark: 'ten' }));
    router.on(11, () => Promise.resolve({ code: 0, remark: 'eleven' }));
    const { near } = connectionPair({ far: { handle: router.handle } });
    const answers = await Promise.all([10, 11, 12].map((code) => near.request({ code }, 3000)));
    assert.deepEqual(
      answers.map(({ code, remark }) => [code, remark]),
      [
        [0, 'ten'],
        [0, 'eleven'],
        [3, ' request type 12 not supported'],
      ],
    );
    near.dispose();
  });

  it('answers 1 to a header that cannot be read', async () => {
    const router = new Router();
    router.on(10, () => {
      throw new CodedError('header-illegal', { field: 'topic', reason: 'missing' });
    });
    const { near } = connectionPair({ far: { handle: router.handle } });
    const answer = await near.request({ code: 10 }, 3000);
    assert.deepEqual([answer.code, answer.remark], [1, 'the custom field <topic> is null']);
    near.dispose();
  });

  it('refuses a second handler of a code', () => {
    const router = new Router();
    router.on(10, () => ({ code: 0 }));
    assert.throws(() => router.on(10, () => ({ code: 1 })), /10 has a handler/);
  });
});
