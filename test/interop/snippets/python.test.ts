import assert from 'node:assert/strict';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { ensureVenv } from '../../support/pythonVenv.ts';
import { requireTools } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { runProgram } from '../../support/runProgram.ts';
import { NAME_CASES, writeSnippet } from './rendering.ts';
import type { Names } from './rendering.ts';

const PROBE = path.join(import.meta.dirname, 'probe.py');

describe('Python snippets', function () {
  let python = '';

  before(async function () {
    this.timeout(600_000);
    requireTools(this, 'python3');
    python = await ensureVenv(SNIPPETS.python.producer.dependency);
  });

  for (const { title, ...names } of NAME_CASES) {
    it(`mean ${title}`, async () => {
      assert.deepEqual(await probe(python, names, 'names'), [names.topic, names.topic, names.group]);
    }).timeout(90_000);
  }

  it("run to their end against the client's own signatures", async () => {
    const [names] = NAME_CASES;
    assert.deepEqual(await probe(python, names!, 'run'), {
      producer: { topics: ['OrderTopic'], sent: 10, topic: 'OrderTopic', tag: 'TagA', keys: ['key-9'], shutdown: 1 },
      consumer: { group: 'order_group', filters: { OrderTopic: '*' }, results: ['SUCCESS', 'FAILURE'], shutdown: 1 },
    });
  }).timeout(90_000);
});

async function probe(python: string, names: Names, what: 'names' | 'run'): Promise<unknown> {
  const dir = makeTempDir('python-snippets');
  try {
    writeSnippet('python', 'producer', names, path.join(dir.path, 'snippet_producer.py'));
    writeSnippet('python', 'pushConsumer', names, path.join(dir.path, 'snippet_consumer.py'));
    const { code, output } = await runProgram(python, ['-W', 'error::SyntaxWarning', PROBE, dir.path, what], {
      cwd: dir.path,
      // The client writes its log below the home directory as soon as it is imported.
      env: { ...process.env, HOME: dir.path, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
      timeoutMs: 60_000,
    });
    assert.equal(code, 0, output);
    const report = /^report=(.*)$/m.exec(output)?.[1];
    assert.ok(report !== undefined, output);
    return JSON.parse(report);
  } finally {
    dir.remove();
  }
}
