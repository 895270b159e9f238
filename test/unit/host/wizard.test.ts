import assert from 'node:assert/strict';

import { askInTurn } from '../../../src/host/wizard.ts';
import type { Turn } from '../../../src/host/wizard.ts';

describe('askInTurn', () => {
  it('asks one question after the other and tells each its place', async () => {
    const places: string[] = [];
    const question = ({ step, onBack }: Turn) => {
      places.push(`${step.number}/${step.total}${onBack === undefined ? '' : ' back'}`);
      return Promise.resolve(true);
    };
    assert.equal(await askInTurn([question, question, question]), true);
    assert.deepEqual(places, ['1/3', '2/3 back', '3/3 back']);
  });

  it('asks the question before again after Back, and no other', async () => {
    const asked: string[] = [];
    let backs = 1;
    const first = () => {
      asked.push('first');
      return Promise.resolve(true);
    };
    const second = ({ onBack }: Turn) => {
      asked.push('second');
      if (backs === 0) return Promise.resolve(true);
      backs -= 1;
      onBack?.();
      return Promise.resolve(false);
    };
    assert.equal(await askInTurn([first, second]), true);
    assert.deepEqual(asked, ['first', 'second', 'first', 'second']);
  });

  it('asks what an answer calls for, and not what another one would have', async () => {
    const asked: string[] = [];
    let isLate = false;
    let backs = 1;
    const kind = () => {
      asked.push('kind');
      isLate = !isLate;
      return Promise.resolve(true);
    };
    const late = ({ step, onBack }: Turn) => {
      asked.push(`late ${step.number}/${step.total}`);
      if (backs > 0) onBack?.();
      backs -= 1;
      return Promise.resolve(true);
    };
    const end = ({ step }: Turn) => Promise.resolve(asked.push(`end ${step.number}/${step.total}`) > 0);
    assert.equal(await askInTurn(() => [kind, ...(isLate ? [late] : []), end]), true);
    assert.deepEqual(asked, ['kind', 'late 2/3', 'kind', 'end 2/2']);
  });

  it('ends at the question that is dismissed', async () => {
    let askedAfter = false;
    const dismissed = () => Promise.resolve(false);
    const after = () => Promise.resolve((askedAfter = true));
    assert.equal(await askInTurn([dismissed, after]), false);
    assert.equal(askedAfter, false);
  });
});
