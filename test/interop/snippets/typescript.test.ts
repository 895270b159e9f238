import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { ensurePackages } from '../../support/npmPackages.ts';
import { requireTools } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { runProgram } from '../../support/runProgram.ts';
import { NAME_CASES, writeSnippet } from './rendering.ts';

const TSC = path.resolve(import.meta.dirname, '../../../node_modules/typescript/bin/tsc');
const OPTIONS = [
  '--noEmit',
  '--strict',
  '--noUnusedLocals',
  '--noUnusedParameters',
  '--noPropertyAccessFromIndexSignature',
];
const MODULES = ['--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--skipLibCheck'];

describe('TypeScript snippets', function () {
  let packages = '';

  before(async function () {
    this.timeout(600_000);
    requireTools(this, 'npm');
    packages = await ensurePackages(SNIPPETS.typescript.producer.dependency);
  });

  for (const { title, ...names } of NAME_CASES) {
    for (const type of ['commonjs', 'module']) {
      it(`compile in a ${type} package, with ${title}`, async () => {
        const { code, output } = await compile(packages, type, names, '');
        assert.equal(code, 0, output);
      }).timeout(120_000);
    }
  }

  it('are held against the types of the client', async () => {
    const wrong = '\nvoid new Producer({ endpoint: "x" }).startUp();\n';
    const { code, output } = await compile(packages, 'module', NAME_CASES[0]!, wrong);
    assert.notEqual(code, 0);
    assert.match(output, /producer\.ts.*TS2561|producer\.ts.*TS2353/);
  }).timeout(120_000);
});

async function compile(packages: string, type: string, names: { topic: string; group: string }, added: string) {
  const dir = makeTempDir('ts-snippets');
  try {
    fs.writeFileSync(path.join(dir.path, 'package.json'), JSON.stringify({ type }));
    fs.symlinkSync(path.join(packages, 'node_modules'), path.join(dir.path, 'node_modules'));
    writeSnippet('typescript', 'producer', names, path.join(dir.path, 'producer.ts'));
    writeSnippet('typescript', 'pushConsumer', names, path.join(dir.path, 'pushConsumer.ts'));
    fs.appendFileSync(path.join(dir.path, 'producer.ts'), added);
    const files = ['producer.ts', 'pushConsumer.ts'];
    return await runProgram(process.execPath, [TSC, ...OPTIONS, ...MODULES, ...files], {
      cwd: dir.path,
      timeoutMs: 100_000,
    });
  } finally {
    dir.remove();
  }
}
