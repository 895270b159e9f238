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

/** A folder with the client and what the header of the snippet says to install beside it; kept between runs. */
async function ensurePackages(dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `npm-${dependency.replace(/[^\w.-]+/g, '-')}`);
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(folder)) return;
    const partial = fs.mkdtempSync(`${folder}.partial-`);
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    const args = ['install', '--prefix', partial, ...quiet, dependency, '@types/node@20'];
    const { code, output } = await runProgram('npm', args, { cwd: partial, timeoutMs: 300_000 });
    assert.equal(code, 0, output);
    fs.renameSync(partial, folder);
  });
  return folder;
}
