import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../support/repository.ts';

const DOCS = path.join(repository, 'docs');

describe('docs/testing-your-code.md', () => {
  const examples = path.join(DOCS, 'examples', 'testing');

  it('shows the examples as they are run', () => {
    const text = fs.readFileSync(path.join(DOCS, 'testing-your-code.md'), 'utf8').replaceAll('\r\n', '\n');
    const shown = [...text.matchAll(/\[`(\S+)`\]\(examples\/testing\/\S+\)[^\n]*\n\n```\w+\n(.*?)```\n/gs)];
    assert.deepEqual(shown.map(([, name]) => name).sort(), fs.readdirSync(examples).sort());
    for (const [, name = '', code] of shown) {
      assert.equal(code, fs.readFileSync(path.join(examples, name), 'utf8').replaceAll('\r\n', '\n'), name);
    }
  });
});
