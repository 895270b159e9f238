import assert from 'node:assert/strict';

import { CodedError } from '../../../../src/base/errors.ts';
import type { PageError } from '../../../../src/contract/rpc.ts';
import { PageProblem, answerPage } from '../../../../src/host/panels/pageRpc.ts';
import type { PageHandlers } from '../../../../src/host/panels/pageRpc.ts';

interface Contract {
  readonly calls: {
    readonly double: { readonly params: { readonly value: number }; readonly result: number };
    readonly fail: { readonly params: 'coded' | 'problem' | 'later'; readonly result: undefined };
  };
  readonly events: Readonly<Record<string, never>>;
}

const HANDLERS: PageHandlers<Contract> = {
  double: ({ value }) => value * 2,
  fail: async (how) => {
    if (how === 'problem') throw new PageProblem('gone', 'It is gone.');
    if (how === 'later') await Promise.reject(new Error('later'));
    throw new CodedError('no-broker');
  },
};

const toPageError = (error: unknown): PageError => ({ code: 'words', message: (error as Error).message });
const answer = (message: unknown) => answerPage(message, HANDLERS, toPageError);
const call = (method: string, params: unknown) => answer({ kind: 'call', id: 5, method, params });

describe('answerPage', () => {
  it('answers a call with its value, under its id', async () => {
    assert.deepEqual(await call('double', { value: 21 }), { kind: 'value', id: 5, value: 42 });
  });

  it('answers what is thrown with an error: in words that were chosen, or that are found for it', async () => {
    const words = (message: string) => ({ kind: 'error', id: 5, error: { code: 'words', message } });
    assert.deepEqual(await call('fail', 'coded'), words('no-broker'));
    assert.deepEqual(await call('fail', 'later'), words('later'));
    assert.deepEqual(await call('fail', 'problem'), {
      kind: 'error',
      id: 5,
      error: { code: 'gone', message: 'It is gone.' },
    });
    assert.equal((await call('double', null))?.kind, 'error');
  });

  it('answers a call it does not know with an error', async () => {
    for (const method of ['triple', 'toString', '__proto__']) {
      assert.deepEqual(await call(method, undefined), {
        kind: 'error',
        id: 5,
        error: { code: 'words', message: `the page called "${method}", which its host does not know` },
      });
    }
  });

  it('answers nothing to what is no call', async () => {
    for (const message of [
      undefined,
      null,
      'call',
      {},
      { kind: 'call' },
      { kind: 'call', id: 'x', method: 'double' },
    ]) {
      assert.equal(await answer(message), undefined);
    }
  });
});
