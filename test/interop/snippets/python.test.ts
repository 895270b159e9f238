import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { cacheDir } from '../../support/cacheDir.ts';
import { withCacheLock } from '../../support/cacheLock.ts';
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

/** The Python of a virtual environment with the client; kept between runs. */
async function ensureVenv(dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `venv-${dependency.replace(/[^\w.-]+/g, '-')}`);
  const python = path.join(folder, 'bin', 'python');
  const done = path.join(folder, 'installed');
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(done)) return;
    // A virtual environment holds its own path, so that it cannot be moved into place: the mark says that it is whole.
    fs.rmSync(folder, { recursive: true, force: true });
    await succeed('python3', ['-m', 'venv', folder]);
    await succeed(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', dependency]);
    fs.writeFileSync(done, '');
  });
  return python;
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runProgram(command, args, { timeoutMs: 300_000 });
  assert.equal(code, 0, output);
}
